import Testing

@testable import AnalyticLearning

@Suite struct LabelTests {
    /// Pairs that Swift's strings do not distinguish.
    static let spellings: [(String, String)] = [
        ("caf\u{e9}", "cafe\u{301}"), ("\u{ac00}", "\u{1100}\u{1161}"), ("K", "\u{212a}"), ("\u{c5}", "\u{212b}"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"),
    ]

    @Test(arguments: spellings) func twoSpellings_areTwoLabels(_ one: String, _ other: String) throws {
        #expect(one == other)
        let (a, b, again) = (try Label(one), try Label(other), try Label(one))
        #expect(a != b && a.hashValue != b.hashValue && Set([a, b]).count == 2 && a.hashValue == again.hashValue && a == again)
        #expect((a < b) == one.utf8.lexicographicallyPrecedes(other.utf8) && (a < b) != (b < a))
        #expect(a.text.utf8.elementsEqual(one.utf8) && b.description.utf8.elementsEqual(other.utf8))
    }

    @Test func labels_areOrderedByTheirBytes() throws {
        let sorted: [String] = ["xA", "xZ", "xa", "xab", "xb", "xe\u{301}", "x\u{7f}", "x\u{e9}", "x\u{ffff}", "x\u{10000}"]
        let labels = try sorted.map { (text: String) in try Label(text) }
        #expect(labels.shuffled().sorted() == labels)
        #expect(("x" as Label) < labels[0])
    }

    @Test(arguments: [
        ([], LabelError.empty), (Array(repeating: 0x78, count: 1025), .tooLong(bytes: 1025)), ([0], .null), ([0x61, 0, 0x62], .null),
        ([0x61, 0], .null), ([0xff], .notUTF8), ([0xc3], .notUTF8), ([0xed, 0xa0, 0x80], .notUTF8), ([0xc0, 0x80], .notUTF8),
    ]) func whatIsNoLabel_isRefused(_ bytes: [UInt8], _ fault: LabelError) {
        #expect(throws: fault) { try bytes.withUnsafeBytes { (bytes) throws(LabelError) in try Label(utf8: bytes) } }
        if let text = String(validating: bytes, as: UTF8.self) { #expect(throws: fault) { try Label(text) } }
    }

    @Test func theLongestLabel_isTaken() throws {
        for text in [String(repeating: "x", count: 1024), String(repeating: "\u{e9}", count: 512), " ", "\u{1}", "\u{2400}"] {
            let label = try Label(text)
            #expect(label.byteCount == text.utf8.count)
            let copy = try Array(text.utf8).withUnsafeBytes { (bytes) throws(LabelError) in try Label(utf8: bytes) }
            #expect(copy == label && copy.hashValue == label.hashValue)
        }
    }

    @Test func aRefusedText_isNamedByItsRow() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 1))
        #expect(throws: LearnError.label(row: 1, .null)) { try classifier.learn(features: [1, 2], labels: ["a", "b\0"]) }
        #expect(throws: LearnError.label(row: 0, .empty)) { try classifier.unlearn(features: [1], labels: [""]) }
        #expect(classifier.registry.count == 0 && classifier.samples == 0)
    }
}
