internal import AnalyticLearning
internal import TensorFormats

/// Renames classes whose labels, learned by an older server, contain U+0000 and are no longer valid.
///
/// Each U+0000 becomes U+2400, its symbol (␀). If the result is another class's label, or too long, it is cut and a number is appended.
/// The new labels depend only on the texts and their order: the same files lead to the same labels.
struct LabelRepair {
    /// A class whose name differs from the one it was learned under.
    struct Change {
        var stored: String
        var label: Label
    }

    private(set) var changes: [Change] = []
    private var labels: [[UInt8]: Label] = [:]

    /// Chooses labels for all texts that are not valid labels.
    ///
    /// - Parameters:
    ///   - stored: all texts in the files; the order of the invalid ones matters.
    init(_ stored: StoredTexts) {
        var taken = stored.labels
        for bytes in stored.others {
            let label = Self.label(of: bytes, unless: taken)
            taken.insert(label)
            labels[bytes] = label
            changes.append(Change(stored: String(decoding: bytes, as: UTF8.self), label: label))
        }
    }

    /// The labels of texts alone, without those of later logs; nil if all texts are valid labels.
    ///
    /// - Throws: 400 that names a text that is invalid for a reason other than U+0000: no server has accepted it.
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

    /// The label of a text alone; nil if the text is invalid for a reason other than U+0000.
    static func label(_ text: String) -> Label? { (try? labels(of: PackedStrings([text])) ?? [Label(text)])?.first }

    /// The label of a text; nil if it is invalid and was not among the stored texts.
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

/// The class names in a checkpoint and its logs.
struct StoredTexts {
    /// The valid labels.
    private(set) var labels: Set<Label> = []
    /// The other texts, in the order of their first appearance.
    private(set) var others: [[UInt8]] = []
    private var noted: Set<[UInt8]> = []

    /// Adds texts.
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
