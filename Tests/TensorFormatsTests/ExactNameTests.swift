import Testing

@testable import TensorFormats

/// Names that Swift's strings do not distinguish are two names in a file.
@Suite struct ExactNameTests {
    private static let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")

    @Test func jsonKeysAndStrings_areBytes() throws {
        let text = "{\"\(Self.composed)\":1,\"\(Self.decomposed)\":2}"
        let object = try #require(try JSONValue(parsing: text).object)
        #expect(object.entries.count == 2 && object[Self.composed]?.int == 1 && object[Self.decomposed]?.int == 2)
        #expect(JSONValue.string(Self.composed) != .string(Self.decomposed))
        #expect(JSONValue.array([.string(Self.composed)]) == .array([.string(Self.composed)]))
        #expect(try JSONValue(parsing: text) != JSONValue(parsing: "{\"\(Self.decomposed)\":1,\"\(Self.composed)\":2}"))
        #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"\(Self.composed)\":1,\"caf\\u00e9\":2}") }
        // K and the Kelvin sign.
        #expect(try JSONValue(parsing: "{\"\u{212a}\":1}").object?["K"] == nil)
        var edited = object
        edited[Self.decomposed] = nil
        #expect(edited.entries.count == 1 && edited[Self.composed]?.int == 1)
    }

    @Test func tensorsAndMetadata_areNamedByBytes() throws {
        var layout = SafetensorsLayout()
        try layout.addMetadata(Self.composed, "one")
        try layout.addMetadata(Self.decomposed, "other")
        try layout.addTensor(Self.composed, type: .u8, shape: [1])
        try layout.addTensor(Self.decomposed, type: .u8, shape: [2])
        #expect(throws: SafetensorsError.self) { try layout.addTensor(Self.composed, type: .u8, shape: [1]) }
        let output = Output()
        var writer = SafetensorsWriter(layout) { (bytes: UnsafeRawBufferPointer) throws(Never) in output.bytes += bytes }
        try writer.append([1] as [UInt8], to: Self.composed)
        try writer.append([2, 3] as [UInt8], to: Self.decomposed)
        try writer.finish()
        try output.bytes.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            #expect(reader.metadata[Self.composed] == "one" && reader.metadata[Self.decomposed] == "other")
            #expect(reader.tensors.count == 2)
            #expect(reader.tensor(named: Self.composed)?.shape == [1] && reader.tensor(named: Self.decomposed)?.shape == [2])
        }
    }

    private final class Output {
        var bytes: [UInt8] = []
    }
}
