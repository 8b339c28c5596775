import Testing

@testable import TensorFormats

@Suite struct PackedStringsTests {
    @Test func strings_comeBackInOrder() {
        var strings = PackedStrings(["a", "", "漢字"])
        Array("tail".utf8).withUnsafeBytes { strings.append(utf8: $0) }
        #expect(strings.count == 4)
        #expect((0..<4).map { strings[$0] } == ["a", "", "漢字", "tail"])
        #expect(strings.withUnsafeBytes(at: 2) { $0.count } == 6)
        #expect(strings.byteRange(at: 1) == 1..<1)
        #expect(strings.byteCount == 11)
    }

    @Test func truncation_keepsTheFirstOnes() {
        var strings = PackedStrings(["a", "bc", "d"])
        strings.truncate(to: 2)
        #expect(strings == PackedStrings(["a", "bc"]))
        strings.truncate(to: 0)
        #expect(strings.isEmpty && strings.byteCount == 0)
    }

    @Test func emptiedList_canBeFilledAgain() {
        var strings = PackedStrings(["a"])
        strings.removeAll(keepingCapacity: true)
        strings.append("b")
        #expect(strings[0] == "b" && strings.count == 1)
    }
}
