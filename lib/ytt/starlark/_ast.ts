/** The syntax tree. `pos` is packed (`_position.ts`); operators have the operator's position. */

/** How an identifier is stored; filled in by the resolver. */
export interface Binding {
  scope: "local" | "cell" | "free" | "global" | "predeclared" | "universal" | "undefined";
  index: number;
  name: string;
  /** For predeclared and universal names: nothing else is needed than `name`. */
}

export interface Ident {
  kind: "ident";
  pos: number;
  name: string;
  binding?: Binding;
}
export interface Literal {
  kind: "literal";
  pos: number;
  type: "string" | "int" | "float";
  value: number | bigint | string;
}
export interface ListExpr {
  kind: "list";
  pos: number;
  items: Expr[];
}
export interface TupleExpr {
  kind: "tuple";
  pos: number;
  items: Expr[];
}
export interface DictEntry {
  pos: number;
  key: Expr;
  value: Expr;
}
export interface DictExpr {
  kind: "dict";
  pos: number;
  entries: DictEntry[];
}
export interface ParenExpr {
  kind: "paren";
  pos: number;
  x: Expr;
}
export interface CondExpr {
  kind: "cond";
  pos: number;
  cond: Expr;
  yes: Expr;
  no: Expr;
}
export interface IndexExpr {
  kind: "index";
  pos: number;
  x: Expr;
  y: Expr;
}
export interface SliceExpr {
  kind: "slice";
  pos: number;
  x: Expr;
  lo?: Expr;
  hi?: Expr;
  step?: Expr;
}
export interface ForClause {
  kind: "for";
  pos: number;
  vars: Expr;
  x: Expr;
}
export interface IfClause {
  kind: "if";
  pos: number;
  cond: Expr;
}
export interface Comprehension {
  kind: "comprehension";
  pos: number;
  body: Expr | DictEntry;
  curly: boolean;
  clauses: (ForClause | IfClause)[];
}
export interface UnaryExpr {
  kind: "unary";
  pos: number;
  op: "-" | "+" | "~" | "not";
  x: Expr;
}
export interface BinaryExpr {
  kind: "binary";
  pos: number;
  op: string;
  x: Expr;
  y: Expr;
}
export interface DotExpr {
  kind: "dot";
  pos: number;
  x: Expr;
  name: string;
}
export interface Argument {
  kind: "positional" | "named" | "star" | "starstar";
  pos: number;
  name: string;
  value: Expr;
}
export interface CallExpr {
  kind: "call";
  pos: number;
  fn: Expr;
  args: Argument[];
}
export interface Param {
  kind: "required" | "optional" | "star" | "starstar";
  pos: number;
  /** Absent for a bare `*`. */
  id?: Ident;
  value?: Expr;
}
/** What `def` and `lambda` have in common; the resolver fills in the lower part. */
export interface FunctionNode {
  name: string;
  pos: number;
  params: Param[];
  body: Stmt[];
  locals: Binding[];
  /** Bindings of the enclosing function that this one captures. */
  free: Binding[];
  /** Parameters in slot order: ordinary and keyword-only ones, then `*args`, then `**kwargs`. */
  numParams: number;
  numKeywordOnly: number;
  hasVarargs: boolean;
  hasKwargs: boolean;
}
export interface LambdaExpr {
  kind: "lambda";
  pos: number;
  fn: FunctionNode;
}
export type Expr =
  | Ident
  | Literal
  | ListExpr
  | TupleExpr
  | DictExpr
  | ParenExpr
  | CondExpr
  | IndexExpr
  | SliceExpr
  | Comprehension
  | UnaryExpr
  | BinaryExpr
  | DotExpr
  | CallExpr
  | LambdaExpr;

export interface ExprStmt {
  kind: "expr";
  pos: number;
  x: Expr;
}
export interface BranchStmt {
  kind: "branch";
  pos: number;
  word: "break" | "continue" | "pass";
}
export interface AssignStmt {
  kind: "assign";
  pos: number;
  /** `=`, or the operator of an augmented assignment without its `=`. */
  op: string;
  lhs: Expr;
  rhs: Expr;
}
export interface DefStmt {
  kind: "def";
  pos: number;
  name: Ident;
  fn: FunctionNode;
}
/** A whole `if`/`elif`/`else` chain, flat. */
export interface IfStmt {
  kind: "if";
  pos: number;
  arms: { cond: Expr; body: Stmt[] }[];
  otherwise: Stmt[];
}
export interface ForStmt {
  kind: "for";
  pos: number;
  vars: Expr;
  x: Expr;
  body: Stmt[];
}
export interface ReturnStmt {
  kind: "return";
  pos: number;
  x?: Expr;
}
export interface LoadStmt {
  kind: "load";
  pos: number;
  module: string;
  names: { from: string; fromPos: number; to: Ident }[];
}
export type Stmt =
  | ExprStmt
  | BranchStmt
  | AssignStmt
  | DefStmt
  | IfStmt
  | ForStmt
  | ReturnStmt
  | LoadStmt;

/** A parsed text. */
export interface File {
  /** The name it was parsed under. */
  readonly filename: string;
  /**
   * Its statements, of use to the compiler only.
   *
   * @internal
   */
  readonly body: Stmt[];
}
