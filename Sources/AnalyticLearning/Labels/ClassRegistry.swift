/// The label of each column, in order of first appearance.
public struct ClassRegistry: Sendable, Equatable {
    /// The labels in column order.
    public private(set) var labels: [Label]
    private var columns: [Label: Int]
    /// A number for each class that it keeps while it is known, even if its label or column changes, and that no other class ever
    /// gets. The numbers ascend with the columns; those of classes created together are consecutive.
    public private(set) var identities: [Int]
    private var nextIdentity = 0
    /// The memory of the labels, besides the fixed part per class.
    public private(set) var labelBytes = 0

    /// A registry without labels.
    public init() {
        labels = []
        columns = [:]
        identities = []
    }

    /// A registry with labels in a given order.
    ///
    /// - Returns: nil if a label occurs twice.
    public init?(labels: [Label]) {
        self.init()
        for label in labels where intern(label).isNew == false { return nil }
    }

    /// The number of labels.
    public var count: Int { labels.count }

    /// The column of a label, or nil.
    public func column(of label: Label) -> Int? { columns[label] }

    /// The column of a label; a new label is appended.
    public mutating func intern(_ label: Label) -> (column: Int, isNew: Bool) {
        if let column = columns[label] { return (column, false) }
        columns[label] = labels.count
        labels.append(label)
        identities.append(nextIdentity)
        nextIdentity += 1
        labelBytes += label.heapBytes
        return (labels.count - 1, true)
    }

    /// The columns of the classes with these identities that still exist.
    ///
    /// - Complexity: O(log C).
    public func columns(of range: Range<Int>) -> Range<Int> {
        let lower = place(of: range.lowerBound)
        return lower..<max(lower, place(of: range.upperBound))
    }

    /// The first column whose identity is at least this.
    private func place(of identity: Int) -> Int {
        var (low, high) = (0, identities.count)
        while low < high {
            let middle = (low + high) / 2
            if identities[middle] < identity { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Takes over the identities of another registry with the same classes.
    mutating func takeIdentities(of other: ClassRegistry) {
        precondition(other.count == count, "other classes")
        identities = other.identities
        nextIdentity = other.nextIdentity
    }

    /// Whether all columns have the same labels.
    public static func == (one: ClassRegistry, other: ClassRegistry) -> Bool { one.columns == other.columns }

    /// Forgets the labels from this column on.
    mutating func truncate(to count: Int) {
        while labels.count > count { forget(labels.removeLast()) }
        identities.removeLast(identities.count - labels.count)
    }

    /// Forgets a label; those behind it move one column to the left.
    ///
    /// - Complexity: O(C).
    package mutating func remove(_ column: Int) {
        forget(labels.remove(at: column))
        identities.remove(at: column)
        for index in column..<labels.count { columns[labels[index]] = index }
    }

    /// Gives a column another label, which must be unused.
    package mutating func rename(_ column: Int, to label: Label) {
        precondition(columns[label] == nil, "a label stands twice")
        forget(labels[column])
        columns[label] = column
        labels[column] = label
        labelBytes += label.heapBytes
    }

    private mutating func forget(_ label: Label) {
        columns[label] = nil
        labelBytes -= label.heapBytes
    }
}
