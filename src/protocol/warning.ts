export function saysAuthorizationServerUnreachable(warning: string | null): boolean {
  return warning !== null && /199 \S+ "UMA Authorization Server Unreachable"/i.test(warning)
}
