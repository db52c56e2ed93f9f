/**
 * The file encryption age: its files and keys are those of the program of that name. Loading it
 * takes 25 ms, so it is loaded only where something is encrypted or decrypted.
 *
 * @module
 */

export {
  armor,
  Decrypter,
  Encrypter,
  generateX25519Identity,
  identityToRecipient,
} from "npm:age-encryption@^0.3.1";
