internal import AnalyticLearning

/// A change that is a record of the log, like learned rows: it costs a few bytes instead of a checkpoint.
///
/// Only changes that a start can make again at once, and without failing, are logged. A new ridge solves the model again, so it is in a
/// checkpoint, and so is every change of rows.
enum LoggedChange: Equatable, Sendable {
    /// A class has another label.
    case renamed(column: Int, Label, to: Label)
    /// A class was deleted; those behind it move one column to the left.
    case deleted(column: Int, Label)
    /// A class's rows went to another class; the classes behind it move one column to the left.
    case joined(column: Int, Label, into: Label)
    /// The model has other settings, but the same ridge.
    case settings(ModelPatch)

    /// The kind of change, as events name it.
    var kind: ModelChange {
        switch self {
        case .renamed: .classRenamed
        case .deleted: .classDeleted
        case .joined: .classesJoined
        case .settings: .reconfigured
        }
    }

    /// The oldest format of logs that may hold its record; in older ones the change takes a checkpoint.
    var oldestFormat: UInt32 {
        switch self {
        case .renamed: RecordStart.Kind.classRenamed.oldestFormat
        case .deleted: RecordStart.Kind.classDeleted.oldestFormat
        case .joined: RecordStart.Kind.classesJoined.oldestFormat
        case .settings: RecordStart.Kind.settings.oldestFormat
        }
    }

    /// Throws if the change cannot have been made to a state.
    func check(_ registry: ClassRegistry, _ configuration: ModelConfiguration) throws(RecordFault) {
        switch self {
        case .renamed(let column, let label, let new):
            try Self.check(label, column, registry, "renames")
            guard registry.column(of: new) == nil else {
                throw RecordFault("the record renames a class to \"\(new)\", the label of another class")
            }
        case .deleted(let column, let label): try Self.check(label, column, registry, "deletes")
        case .joined(let column, let label, let target):
            try Self.check(label, column, registry, "joins")
            guard label != target, registry.column(of: target) != nil else {
                throw RecordFault("the record joins a class with \"\(target)\", where there is no such other class")
            }
        case .settings(let patch):
            var changed = configuration
            patch.apply(to: &changed)
            do throws(ConfigurationError) { try changed.validate() } catch { throw RecordFault("the record's settings: \(error)") }
        }
    }

    private static func check(_ label: Label, _ column: Int, _ registry: ClassRegistry, _ what: String) throws(RecordFault) {
        guard registry.column(of: label) == column else {
            throw RecordFault("the record \(what) the class \"\(label)\" in column \(column), where there is no such class")
        }
    }

    /// Makes the change again.
    ///
    /// - Precondition: `check` has found no fault.
    /// - Throws: `LinearAlgebraError.outOfMemory` in `ClassError`; nothing has changed then.
    func apply(to classifier: Classifier) throws {
        switch self {
        case .renamed(_, let label, let new): try classifier.renameClass(label, to: new)
        case .deleted(_, let label): try classifier.deleteClass(label)
        case .joined(_, let label, let target): try classifier.joinClass(label, into: target)
        case .settings(let patch): try classifier.reconfigure(imbalance: patch.imbalance, balance: patch.balance)
        }
    }
}
