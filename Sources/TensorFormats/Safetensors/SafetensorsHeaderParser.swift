/// Reads the JSON header of a safetensors file into descriptions, each checked on its own, not yet together.
struct SafetensorsHeaderParser {
    private(set) var metadata = SafetensorsMetadata()
    private(set) var tensors: [SafetensorsTensor] = []

    private var scanner: JSONScanner
    private let text: UnsafeRawBufferPointer

    /// A parser of the header, without its length.
    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        scanner = JSONScanner(text)
    }

    /// The offset in the file of the next byte to read; the length precedes the header.
    private var offset: Int { 8 + scanner.position }

    mutating func parse() throws(SafetensorsError) {
        do throws(JSONError) {
            // The format requires the brace to be first; JSON allows white space before it.
            guard text.first == UInt8(ascii: "{") else {
                scanner.position = 0
                throw scanner.unexpected("'{'")
            }
            try scanner.beginObject()
        } catch { throw Self.error(error) }
        var names: Set<ExactName> = []
        while let (name, keyOffset) = try nextKey() {
            guard names.insert(ExactName(name)).inserted else { throw SafetensorsError(.nameTaken, tensor: name, at: keyOffset) }
            if name == SafetensorsLayout.metadataKey {
                try parseMetadata()
            } else {
                guard tensors.count < SafetensorsReader.maximumEntries else { throw Self.tooMany("tensors", at: keyOffset) }
                tensors.append(try parseTensor(name))
            }
        }
        do throws(JSONError) { try scanner.finish() } catch { throw Self.error(error) }
    }

    private mutating func parseMetadata() throws(SafetensorsError) {
        let name = SafetensorsLayout.metadataKey
        var keys: Set<ExactName> = []
        do throws(JSONError) {
            try scanner.beginObject()
            while keys.count < SafetensorsReader.maximumEntries, let key = try scanner.nextKey() {
                let text = key.description
                guard keys.insert(ExactName(text)).inserted else { throw JSONError(.duplicateKey(text), at: key.offset) }
                metadata.append(text, try scanner.readString())
            }
            guard keys.count == SafetensorsReader.maximumEntries else { return }
            guard try scanner.nextKey() != nil else { return }
        } catch { throw Self.error(error, tensor: name) }
        throw Self.tooMany("entries of \(name)", at: offset)
    }

    private static func tooMany(_ what: String, at offset: Int) -> SafetensorsError {
        SafetensorsError(.tooMany(what, limit: SafetensorsReader.maximumEntries), at: offset)
    }

    private mutating func parseTensor(_ name: String) throws(SafetensorsError) -> SafetensorsTensor {
        let start = offset
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        do throws(JSONError) {
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                // The format defines no other keys, but its readers skip them.
                switch key {
                case "dtype": try Self.assign(try scanner.readString(), to: &typeName, key)
                case "shape": try Self.assign(try readSizes(maximumCount: 64), to: &shape, key)
                case "data_offsets": try Self.assign(try readSizes(maximumCount: 2), to: &offsets, key)
                default: try scanner.skipValue()
                }
            }
        } catch { throw Self.error(error, tensor: name) }

        guard let typeName else { throw SafetensorsError(.missingKey("dtype"), tensor: name, at: start) }
        guard let shape else { throw SafetensorsError(.missingKey("shape"), tensor: name, at: start) }
        guard let offsets, offsets.count == 2 else { throw SafetensorsError(.missingKey("data_offsets"), tensor: name, at: start) }
        guard let type = TensorElementType(rawValue: typeName) else {
            throw SafetensorsError(.unknownType(typeName), tensor: name, at: start)
        }
        guard let size = type.byteCount(shape: shape) else {
            throw SafetensorsError(.shapeTooLarge(shape), tensor: name, at: start)
        }
        guard offsets[0] <= offsets[1] else {
            throw SafetensorsError(.invalidOffsets(offsets[0], offsets[1]), tensor: name, at: start)
        }
        guard offsets[1] - offsets[0] == size else {
            throw SafetensorsError(.wrongByteCount(offsets[1] - offsets[0], expected: size), tensor: name, at: start)
        }
        return SafetensorsTensor(name: name, type: type, shape: shape, dataRange: offsets[0]..<offsets[1])
    }

    /// Reads an array of nonnegative integers.
    private mutating func readSizes(maximumCount: Int) throws(JSONError) -> [Int] {
        var sizes: [Int] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            guard sizes.count < maximumCount else { throw JSONError(.tooMany(limit: maximumCount), at: scanner.position) }
            _ = try scanner.peekKind()
            let start = scanner.position
            let size = try scanner.readInteger()
            guard size >= 0 else { throw JSONError(.integerOutOfRange(String(size)), at: start) }
            sizes.append(size)
        }
        return sizes
    }

    private mutating func nextKey() throws(SafetensorsError) -> (String, Int)? {
        do throws(JSONError) {
            guard let key = try scanner.nextKey() else { return nil }
            return (key.description, 8 + key.offset)
        } catch { throw Self.error(error) }
    }

    private static func assign<Value>(_ value: Value, to variable: inout Value?, _ key: JSONKey) throws(JSONError) {
        guard variable == nil else { throw JSONError(.duplicateKey(key.description), at: key.offset) }
        variable = value
    }

    private static func error(_ error: JSONError, tensor: String? = nil) -> SafetensorsError {
        SafetensorsError(.header(error), tensor: tensor, at: 8 + error.offset)
    }
}
