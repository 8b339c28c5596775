import Testing

@testable import TensorFormats

@Suite struct BytesTensorTests {
    private func octets(_ tensor: BytesTensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }

    @Test func texts_haveTheirLengthsBeforeThem() {
        var tensor = BytesTensor()
        tensor.append("cat")
        tensor.append("")
        tensor.append("é")
        #expect(octets(tensor) == [3, 0, 0, 0, 99, 97, 116, 0, 0, 0, 0, 2, 0, 0, 0, 0xC3, 0xA9])
        #expect(tensor.count == 3 && tensor.byteCount == 17)
        var texts: [String] = []
        tensor.forEach { texts.append(String(decoding: $0, as: UTF8.self)) }
        #expect(texts == ["cat", "", "é"])
        tensor.removeAll(keepingCapacityUpTo: 0)
        #expect(tensor.count == 0 && tensor.byteCount == 0)
    }

    @Test(arguments: [
        (0.5, 0, "cat", "0.5:0:cat"), (-1.25e-9, 12, "a:b", "-1.25e-9:12:a:b"),
        (Float.greatestFiniteMagnitude, 999, "", "3.4028235e38:999:"),
        (0, 7, "é", "0.0:7:é"),
    ])
    func classes_haveValueIndexAndLabel(_ value: Float, _ index: Int, _ label: String, _ text: String) {
        var tensor = BytesTensor()
        tensor.append("x")
        tensor.append(classification: value, index: index, label: label)
        #expect(octets(tensor) == [1, 0, 0, 0, 120, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8))
    }
}
