/** Reads XML as far as the tests need it: elements, attributes, text. Refuses what is not well-formed. */

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** The text of the element and of those in it, in order. */
  readonly text: string
}

interface Open {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** @throws Error where a tag is not closed, or is no tag. */
export function parseXml(source: string): XmlElement {
  const root: Open = { name: '', attributes: {}, children: [], text: '' }
  const stack = [root]
  const close = (name: string) => {
    const element = stack.pop()!
    if (element.name !== name || stack.length === 0) throw new Error(`</${name}> closes <${element.name}>`)
    const parent = stack.at(-1)!
    parent.children.push(element)
    parent.text += element.text
  }
  for (const [, tag, text] of source.matchAll(/<([^>]*)>|([^<]+)/g)) {
    if (text !== undefined) stack.at(-1)!.text += unescaped(text)
    else if (tag!.startsWith('/')) close(tag!.slice(1))
    else if (!/^[?!]/.test(tag!)) {
      const parts = /^([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)$/.exec(tag!)
      if (parts === null) throw new Error(`<${tag}> is no tag`)
      const attributes: Record<string, string> = {}
      for (const [, name, value] of parts[2]!.matchAll(/([\w:-]+)="([^"]*)"/g)) attributes[name!] = unescaped(value!)
      stack.push({ name: parts[1]!, attributes, children: [], text: '' })
      if (parts[3] === '/') close(parts[1]!)
    }
  }
  if (stack.length !== 1 || root.children.length !== 1) throw new Error('the elements do not close')
  return root.children[0]!
}

function unescaped(text: string): string {
  return text.replace(/&(#?\w*);?/g, (whole, name: string) => {
    const known = name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1).replace('x', '0x'))) : ENTITIES[name]
    if (known === undefined) throw new Error(`'${whole}' is no entity`)
    return known
  })
}

/** Every element in a tree for which `holds` is true, in the order of the document. */
export function elements(root: XmlElement, holds: (element: XmlElement) => boolean): XmlElement[] {
  return [...(holds(root) ? [root] : []), ...root.children.flatMap((child) => elements(child, holds))]
}
