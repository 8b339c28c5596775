/// Which label stands in which column, in the order in which labels appeared.
///
/// Labels are the same where their bytes are: "é" as one code point and as an e with an accent behind it are two labels, as they are for
/// every client that does not compare as Swift does.
public struct ClassRegistry: Sendable, Equatable {
    /// The longest label, in bytes of UTF-8.
    public static let maximumLabelBytes = 1024

    /// The labels in column order.
    public private(set) var labels: [String]
    private var columns: [Key: Int]

    /// A label compared by its bytes.
    private struct Key: Hashable {
        let label: String

        init(_ label: String) { self.label = label }

        static func == (left: Key, right: Key) -> Bool { left.label.utf8.elementsEqual(right.label.utf8) }

        func hash(into hasher: inout Hasher) {
            var copy = label
            copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// A registry without labels.
    public init() {
        labels = []
        columns = [:]
    }

    /// A registry with labels in a given order.
    ///
    /// - Returns: nil where a label stands twice.
    public init?(labels: [String]) {
        self.init()
        for label in labels where intern(label).isNew == false { return nil }
    }

    /// The number of labels.
    public var count: Int { labels.count }

    /// The column of a label, or nil.
    public func column(of label: String) -> Int? { columns[Key(label)] }

    /// The column of a label, which is added at the end where it is new.
    public mutating func intern(_ label: String) -> (column: Int, isNew: Bool) {
        if let column = columns[Key(label)] { return (column, false) }
        columns[Key(label)] = labels.count
        labels.append(label)
        return (labels.count - 1, true)
    }

    /// Forgets the labels from a column on.
    mutating func truncate(to count: Int) {
        while labels.count > count { columns[Key(labels.removeLast())] = nil }
    }

    /// Forgets a label; those behind it move one column to the left.
    ///
    /// - Complexity: O(C).
    mutating func remove(_ column: Int) {
        columns[Key(labels.remove(at: column))] = nil
        for index in column..<labels.count { columns[Key(labels[index])] = index }
    }

    /// Gives a column another label, which none has.
    mutating func rename(_ column: Int, to label: String) {
        precondition(columns[Key(label)] == nil, "a label stands twice")
        columns[Key(labels[column])] = nil
        columns[Key(label)] = column
        labels[column] = label
    }
}
