/// Which label stands in which column, in the order in which labels appeared.
public struct ClassRegistry: Sendable, Equatable {
    /// The longest label, in bytes of UTF-8.
    public static let maximumLabelBytes = 1024

    /// The labels in column order.
    public private(set) var labels: [String]
    private var columns: [String: Int]

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
    public func column(of label: String) -> Int? { columns[label] }

    /// The column of a label, which is added at the end where it is new.
    public mutating func intern(_ label: String) -> (column: Int, isNew: Bool) {
        if let column = columns[label] { return (column, false) }
        columns[label] = labels.count
        labels.append(label)
        return (labels.count - 1, true)
    }

    /// Forgets the labels from a column on.
    mutating func truncate(to count: Int) {
        while labels.count > count { columns[labels.removeLast()] = nil }
    }

    /// Forgets a label; those behind it move one column to the left.
    ///
    /// - Complexity: O(C).
    mutating func remove(_ column: Int) {
        columns[labels.remove(at: column)] = nil
        for index in column..<labels.count { columns[labels[index]] = index }
    }

    /// Gives a column another label, which none has.
    mutating func rename(_ column: Int, to label: String) {
        precondition(columns[label] == nil, "a label stands twice")
        columns[labels[column]] = nil
        columns[label] = column
        labels[column] = label
    }
}
