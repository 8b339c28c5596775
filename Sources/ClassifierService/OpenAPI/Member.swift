/// A key of an object with its schema.
struct Member: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool

    /// A key that is always present.
    static func required(_ name: String, _ schema: Schema, _ description: String? = nil) -> Member {
        Member(name: name, schema: description.map { schema.described($0) } ?? schema, isRequired: true)
    }

    /// A key that may be missing.
    static func optional(_ name: String, _ schema: Schema, _ description: String? = nil) -> Member {
        Member(name: name, schema: description.map { schema.described($0) } ?? schema, isRequired: false)
    }
}
