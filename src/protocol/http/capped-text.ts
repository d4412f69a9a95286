/** Reads a body as text. A body of more than `cap` bytes counts as empty. */
export async function cappedText({ body }: Response, cap: number): Promise<string> {
  const decoder = new TextDecoder()
  const reader = body?.getReader()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > cap) {
      reader?.cancel().catch(() => {})
      return ''
    }
    text += decoder.decode(value, { stream: true })
  }
}
