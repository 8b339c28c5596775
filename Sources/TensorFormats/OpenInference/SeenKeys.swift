/// The keys of an object that have occurred.
struct SeenKeys {
    private var bits = 0

    /// Notes a key by its index among the known ones.
    ///
    /// - Throws: `JSONError` if it has occurred before.
    mutating func insert(_ index: Int, _ key: JSONKey) throws(JSONError) {
        guard bits & 1 << index == 0 else { throw JSONError(.duplicateKey(key.description), at: key.offset) }
        bits |= 1 << index
    }
}
