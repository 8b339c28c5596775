/// What is known about the input before its data is read.
struct InputTensor {
    var isThere = false
    var datatype: InferenceDatatype?
    var rows = 0
    /// The place of its shape, for messages.
    var shape: Range<Int>?
    var dimensions = 0
    var secondDimension = 0
    /// A scanner at data that has been skipped.
    var data: JSONScanner?
    /// Whether data has been read already; false if values did not fit.
    var isRead: Bool?
    var binarySize: Int?
    var isInSharedMemory = false
}

extension InputTensor {
    /// Reads the input's own parameters.
    mutating func readParameters(_ scanner: inout JSONScanner) throws(JSONError) {
        if try scanner.skipNull() { return }
        var seen = SeenKeys()
        try scanner.beginObject(field: "the parameters of an input")
        while let key = try scanner.nextKey() {
            switch key {
            case "binary_data_size":
                try seen.insert(0, key)
                binarySize = try scanner.readIntegralNumber(field: "binary_data_size")
            case "shared_memory_region":
                isInSharedMemory = true
                try scanner.skipValue()
            default: try scanner.skipValue()
            }
        }
    }
}
