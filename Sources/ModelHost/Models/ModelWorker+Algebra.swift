internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    /// Unlearns a request's rows, all or none.
    func unlearn(_ job: LearnRows) throws(ModelError) -> ChangedRows {
        guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
        var columns: [Int] = []
        columns.reserveCapacity(job.count)
        for (row, label) in try job.labels.labels().enumerated() {
            guard let column = classifier.registry.column(of: label) else {
                throw ModelError(.impossible, "labels[\(row)] is \"\(label)\", which the model does not know")
            }
            columns.append(column)
        }
        let outcome: UnlearnOutcome
        do throws(UnlearnError) {
            outcome = try job.features.withUnsafeBufferPointer { (buffer) throws(UnlearnError) in
                try classifier.unlearn(features: buffer, columns: columns)
            }
        } catch {
            throw Self.modelError(error)
        }
        return ChangedRows(count: job.count, columns: outcome.staleSketches)
    }

    private static func modelError(_ error: UnlearnError) -> ModelError {
        switch error {
        case .unknownClass(let row, let label):
            ModelError(.impossible, "labels[\(row)] is \"\(label)\", which the model does not know")
        case .tooManyRows(let label, let rows, let learned):
            ModelError(.impossible, "the request has \(rows) rows of \"\(label)\", but the model has learned only \(learned)")
        case .neverLearned:
            ModelError(
                .impossible,
                "these rows cannot have been learned: what remains without them is not a Gram matrix; nothing was changed")
        case .inexact(let bound):
            ModelError(
                .impossible,
                "these rows cannot be taken out exactly: they are so large that the sums have lost digits of the other rows, and scores "
                    + "could have a relative error of \(Float(bound)); restore a snapshot from before; nothing was changed")
        case .inexactMoments(let label):
            ModelError(
                .impossible,
                "these rows cannot be taken out exactly: they are so large that the second moments of \"\(label)\" have lost digits of its "
                    + "other rows; delete the class, or restore a snapshot from before; nothing was changed")
        case .solver(let error): SnapshotFile.modelError(error)
        }
    }

    /// Adds a snapshot's truth.
    func merge(_ file: SnapshotFile) throws(ModelError) -> ChangedRows {
        let (known, samples) = (classifier.registry.count, classifier.samples)
        let added = file.labels.filter { classifier.registry.column(of: $0) == nil }
        try reserve(newClasses: added.count, labelBytes: added.reduce(0) { $0 + $1.heapBytes })
        do { try file.merge(into: classifier) } catch { throw SnapshotFile.modelError(error) }
        return ChangedRows(count: classifier.samples - samples, columns: Array(known..<classifier.registry.count))
    }

    /// Changes the ridge, the imbalance and the balance, or some of them; if one fails, none changes.
    func reconfigure(_ patch: ModelPatch) throws(ModelError) -> Change<ModelDetails> {
        do {
            try reserve(for: patch)
            let isOther = try classifier.reconfigure(
                ridge: patch.ridge, ridgeChoice: patch.ridgeChoice, imbalance: patch.imbalance, balance: patch.balance)
            return Change(try details(), isNone: !isOther)
        } catch let error as ConfigurationError {
            throw ModelError(.invalid, error.description)
        } catch let error as ReconfigurationError {
            throw ModelError(error == .sketchesMissing ? .conflict : .impossible, error.description)
        } catch {
            throw SnapshotFile.modelError(error)
        }
    }

    /// The record of a change of other settings than the ridge, for which memory is then reserved; nil for a change that has none: a new
    /// ridge solves the model again.
    func loggedChange(_ patch: ModelPatch) throws(ModelError) -> LoggedChange? {
        let patch = patch.differing(from: classifier.configuration)
        guard !patch.isEmpty, patch.ridge == nil, patch.ridgeChoice == nil else { return nil }
        var changed = classifier.configuration
        patch.apply(to: &changed)
        do throws(ConfigurationError) { try changed.validate() } catch { return nil }
        try reserve(for: patch)
        return .settings(patch)
    }

    /// Reserves the memory needed with other settings: balanced weights and candidates of the ridge are stored separately.
    private func reserve(for patch: ModelPatch) throws(ModelError) {
        guard patch.imbalance != nil || patch.ridgeChoice != nil else { return }
        var configuration = classifier.configuration
        patch.apply(to: &configuration)
        guard let bytes = requiredBytes(configuration, classes: classifier.registry.count), reservation.resize(to: bytes) else {
            let what = patch.imbalance == nil ? "candidates of the ridge" : "balanced weights"
            throw .doesNotFit(what, bytes: nil, budget: context.budget)
        }
    }

    /// The record of a renaming, for which memory is then reserved; nil for one that changes nothing or will be refused.
    func loggedRename(_ label: Label, to new: Label) throws(ModelError) -> LoggedChange? {
        guard let column = learnedColumn(of: label), classifier.registry.column(of: new) == nil else { return nil }
        try reserve(label: new)
        return .renamed(column: column, label, to: new)
    }

    /// The record of a class's deletion; nil for one that will be refused.
    func loggedDeletion(_ label: Label) -> LoggedChange? {
        learnedColumn(of: label).map { .deleted(column: $0, label) }
    }

    private func learnedColumn(of label: Label) -> Int? {
        classifier.registry.column(of: label).flatMap { $0 < classifier.counts.count ? $0 : nil }
    }

    private func reserve(label: Label) throws(ModelError) {
        let bytes = requiredBytes(classifier.configuration, classes: classifier.registry.count, added: label.heapBytes)
        guard let bytes, reservation.resize(to: bytes) else {
            throw .doesNotFit("the label", bytes: label.heapBytes, budget: context.budget)
        }
    }

    /// Gives a class another label.
    func renameClass(_ label: Label, to new: Label) throws(ModelError) -> Change<ClassRenamed> {
        let isOther: Bool
        try reserve(label: new)
        do throws(ClassError) { isOther = try classifier.renameClass(label, to: new) } catch { throw modelError(error) }
        return Change(ClassRenamed(state: summary, label: new), isNone: !isOther)
    }

    /// Forgets a class; its rows stay in the Gram matrix.
    func deleteClass(_ label: Label) throws(ModelError) -> Change<ClassDeleted> {
        let rows: Int
        do throws(ClassError) { rows = try classifier.deleteClass(label) } catch { throw modelError(error) }
        return Change(ClassDeleted(state: summary, label: label, rows: rows))
    }

    /// The record of joining two classes; nil for one that will be refused.
    func loggedJoin(_ label: Label, into target: Label) -> LoggedChange? {
        guard let column = learnedColumn(of: label), let into = learnedColumn(of: target), column != into else { return nil }
        return .joined(column: column, label, into: target)
    }

    /// Gives a class's rows to another class.
    func joinClass(_ label: Label, into target: Label) throws(ModelError) -> ClassesJoined {
        let rows: Int
        do throws(ClassError) { rows = try classifier.joinClass(label, into: target) } catch { throw modelError(error) }
        return ClassesJoined(state: summary, into: target, rows: rows)
    }

    private func modelError(_ error: ClassError) -> ModelError {
        switch error {
        case .unknown(let label): ModelError(.unknown, "the model \"\(model.name)\" has no class \"\(label)\"")
        case .exists(let label): ModelError(.conflict, "the model \"\(model.name)\" already has a class \"\(label)\"")
        case .same(let label): ModelError(.conflict, "the class \"\(label)\" cannot be joined with itself")
        case .solver(let error): SnapshotFile.modelError(error)
        }
    }

    /// The current state.
    var summary: StateSummary {
        StateSummary(
            model: model.name, version: classifier.version, samples: classifier.samples, classes: classifier.registry.count)
    }

    /// The bytes the model takes now; they count against the budget that all models share.
    var requiredBytes: Int? { requiredBytes(classifier.configuration, classes: classifier.registry.count) }

    /// The bytes the model would take with another configuration, or with more classes.
    ///
    /// - Parameter added: the bytes of new labels that the registry does not have yet.
    private func requiredBytes(_ configuration: ModelConfiguration, classes: Int, added: Int = 0) -> Int? {
        guard let sum = configuration.estimatedBytes(classes: classes)?.addingReportingOverflow(classifier.registry.labelBytes + added)
        else {
            return nil
        }
        return sum.overflow ? nil : sum.partialValue
    }

    /// Reserves memory for new classes.
    ///
    /// - Parameters:
    ///   - known: the classes that already have memory.
    ///   - labelBytes: the bytes of new labels that the registry does not have yet.
    func reserve(newClasses added: Int, known: Int? = nil, labelBytes: Int = 0) throws(ModelError) {
        guard added > 0 else { return }
        let (configuration, known) = (classifier.configuration, known ?? classifier.registry.count)
        let bytes = requiredBytes(configuration, classes: known + added, added: labelBytes)
        guard let bytes, reservation.resize(to: bytes) else {
            let more = bytes.flatMap { bytes in requiredBytes(configuration, classes: known).map { max(0, bytes - $0) } }
            throw .doesNotFit("\(added) new classes", bytes: more, budget: context.budget)
        }
    }

    /// Adjusts the reservation to exactly what the model takes now.
    func settleReservation() {
        if let bytes = requiredBytes { reservation.settle(at: bytes) }
        noteMemory()
    }

    func restoredMeanwhile() -> ModelError {
        ModelError(
            .conflict,
            "the model \"\(model.name)\" was restored in the meantime: rows must now have \(classifier.configuration.dimension) values")
    }
}
