/// Which keys of an object have come.
struct SeenKeys {
    private var bits = 0

    /// Notes a key, by its place among those that are known.
    ///
    /// - Throws: `JSONError` where it has come before.
    mutating func insert(_ index: Int, _ key: JSONKey) throws(JSONError) {
        guard bits & 1 << index == 0 else { throw JSONError(.duplicateKey(key.description), at: key.offset) }
        bits |= 1 << index
    }
}
