internal import AnalyticLearning
internal import TensorFormats

/// Gives new labels to classes whose labels, learned by an older server, contain U+0000 and are no longer valid.
///
/// Each U+0000 becomes U+2400, its symbol (␀). Where that is another class's label, or too long, it is cut and a number follows it. Which
/// label a class gets depends on the texts alone and on their order: the same files lead to the same labels.
struct LabelRepair {
    /// A class with another name than it was learned under.
    struct Change {
        var stored: String
        var label: Label
    }

    private(set) var changes: [Change] = []
    private var labels: [[UInt8]: Label] = [:]

    /// Names all texts that are no labels.
    ///
    /// - Parameters:
    ///   - stored: all texts that stand in the files; the order of those that are no labels counts.
    init(_ stored: StoredTexts) {
        var taken = stored.labels
        for bytes in stored.others {
            let label = Self.label(of: bytes, unless: taken)
            taken.insert(label)
            labels[bytes] = label
            changes.append(Change(stored: String(decoding: bytes, as: UTF8.self), label: label))
        }
    }

    /// The labels of texts by themselves, without those of logs that follow; nil where all are labels as they stand.
    ///
    /// - Throws: 400 that names a text which is no label for another reason than U+0000: no server has taken it.
    static func labels(of texts: PackedStrings) throws(ModelError) -> [Label]? {
        let faults = (0..<texts.count).compactMap { index in texts.labelFault(at: index).map { (index, $0) } }
        guard !faults.isEmpty else { return nil }
        for (index, fault) in faults where fault != .null {
            throw .label("the label \"\(texts[index].prefix(64))\": labels[\(index)]", fault)
        }
        var stored = StoredTexts()
        stored.note(texts)
        let repair = LabelRepair(stored)
        return (0..<texts.count).compactMap { repair.label(of: texts, at: $0) }
    }

    /// The label of a text by itself, whatever others there are; nil where it is none for another reason than U+0000.
    static func label(_ text: String) -> Label? { (try? labels(of: PackedStrings([text])) ?? [Label(text)])?.first }

    /// The label of a text; nil where it is none, and was not among those to name.
    func label(of texts: PackedStrings, at index: Int) -> Label? {
        do throws(LabelError) {
            return try texts.label(at: index)
        } catch {
            return labels[texts.withUnsafeBytes(at: index) { Array($0) }]
        }
    }

    private static func label(of bytes: [UInt8], unless taken: Set<Label>) -> Label {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 == "\0" ? "\u{2400}" : $0 }
        var number = 1
        while true {
            let suffix = number == 1 ? "" : "\u{2400}\(number)"
            var text = String.UnicodeScalarView()
            var count = suffix.utf8.count
            for scalar in scalars {
                count += UTF8.width(scalar)
                guard count <= Label.maximumBytes else { break }
                text.append(scalar)
            }
            if let label = try? Label(String(text) + suffix), !taken.contains(label) { return label }
            number += 1
        }
    }
}

/// The texts by which a checkpoint and its logs call the classes.
struct StoredTexts {
    /// Those that are labels.
    private(set) var labels: Set<Label> = []
    /// Those that are none, in the order in which they were first noted.
    private(set) var others: [[UInt8]] = []
    private var noted: Set<[UInt8]> = []

    /// Takes note of texts.
    mutating func note(_ texts: PackedStrings) {
        for index in 0..<texts.count {
            if let label = try? texts.label(at: index) {
                labels.insert(label)
            } else {
                let bytes = texts.withUnsafeBytes(at: index) { Array($0) }
                if noted.insert(bytes).inserted { others.append(bytes) }
            }
        }
    }
}
