internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    /// Takes a request's rows out again, all or none.
    func unlearn(_ job: LearnJob) throws(Problem) -> Change {
        guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
        var columns: [Int] = []
        columns.reserveCapacity(job.rows)
        for (row, label) in try job.labels.labels().enumerated() {
            guard let column = classifier.registry.column(of: label) else {
                throw Problem(.unprocessableContent, "labels[\(row)] is \"\(label)\", which the model does not know")
            }
            columns.append(column)
        }
        let outcome: UnlearnOutcome
        do throws(UnlearnError) {
            outcome = try job.features.withUnsafeBufferPointer { (buffer) throws(UnlearnError) in
                try classifier.unlearn(features: buffer, columns: columns)
            }
        } catch {
            throw Self.problem(error)
        }
        return Change(listing: "sketches_not_undone", outcome.staleSketches, of: classifier.registry) { writer in
            writeState(&writer)
            writer.member("rows", job.rows)
        }
    }

    private static func problem(_ error: UnlearnError) -> Problem {
        switch error {
        case .unknownClass(let row, let label):
            Problem(.unprocessableContent, "labels[\(row)] is \"\(label)\", which the model does not know")
        case .tooManyRows(let label, let rows, let learned):
            Problem(.unprocessableContent, "the request has \(rows) rows of \"\(label)\", but the model has learned only \(learned)")
        case .neverLearned:
            Problem(
                .unprocessableContent,
                "these rows cannot have been learned: what remains without them is not a Gram matrix; nothing was changed")
        case .inexact(let bound):
            Problem(
                .unprocessableContent,
                "these rows cannot be taken out exactly: they are so large that the sums have lost digits of the other rows, and scores could "
                    + "have a relative error of \(Float(bound)); restore a snapshot from before; nothing was changed")
        case .inexactMoments(let label):
            Problem(
                .unprocessableContent,
                "these rows cannot be taken out exactly: they are so large that the second moments of \"\(label)\" have lost digits of its "
                    + "other rows; delete the class, or restore a snapshot from before; nothing was changed")
        case .solver(let error): SnapshotFile.problem(error)
        }
    }

    /// Adds the truth of a snapshot.
    func merge(_ file: SnapshotFile) throws(Problem) -> Change {
        let (known, samples) = (classifier.registry.count, classifier.samples)
        let added = file.labels.filter { classifier.registry.column(of: $0) == nil }
        try reserve(newClasses: added.count, labelBytes: added.reduce(0) { $0 + $1.heapBytes })
        do { try file.merge(into: classifier) } catch { throw SnapshotFile.problem(error) }
        return Change(listing: "new_classes", known..<classifier.registry.count, of: classifier.registry) { writer in
            writeState(&writer)
            writer.member("rows", classifier.samples - samples)
        }
    }

    /// Changes the ridge, the imbalance, or both: both or none.
    func reconfigure(_ patch: ModelPatch) throws(Problem) -> Change {
        do {
            if let imbalance = patch.imbalance { try reserve(for: imbalance) }
            let isOther = try classifier.reconfigure(ridge: patch.ridge, imbalance: patch.imbalance)
            return Change(try details(.ok), isNone: !isOther)
        } catch let error as ConfigurationError {
            throw Problem(.badRequest, error.description)
        } catch let error as ReconfigurationError {
            throw Problem(error == .sketchesMissing ? .conflict : .unprocessableContent, error.description)
        } catch {
            throw SnapshotFile.problem(error)
        }
    }

    /// Reserves what the model takes with another way of treating imbalance: balanced weights have weights of their own.
    private func reserve(for imbalance: Imbalance) throws(Problem) {
        var configuration = classifier.configuration
        configuration.imbalance = imbalance
        guard let bytes = requiredBytes(configuration, classes: classifier.registry.count), reservation.resize(to: bytes) else {
            throw .doesNotFit("balanced weights", bytes: nil, budget: context.budget)
        }
    }

    /// Gives a class another label.
    func renameClass(_ label: Label, to new: Label) throws(Problem) -> Change {
        let isOther: Bool
        let bytes = requiredBytes(classifier.configuration, classes: classifier.registry.count, added: new.heapBytes)
        guard let bytes, reservation.resize(to: bytes) else { throw .doesNotFit("the label", bytes: new.heapBytes, budget: context.budget) }
        do throws(ClassError) { isOther = try classifier.renameClass(label, to: new) } catch { throw problem(error) }
        return Change(isNone: !isOther) { writer in
            writeState(&writer)
            writer.member("label", new)
        }
    }

    /// Forgets a class; its rows stay in the Gram matrix.
    func deleteClass(_ label: Label) throws(Problem) -> Change {
        let rows: Int
        do throws(ClassError) { rows = try classifier.deleteClass(label) } catch { throw problem(error) }
        return Change { writer in
            writeState(&writer)
            writer.member("label", label)
            writer.member("rows_of_no_class", rows)
            writer.key("detail")
            writer.write(
                "the class is deleted; its \(rows) rows stay in the Gram matrix as rows of no class: the weights are the joint solution in "
                    + "which these rows have all-zero targets" as String)
        }
    }

    private func problem(_ error: ClassError) -> Problem {
        switch error {
        case .unknown(let label): Problem(.notFound, "the model \"\(model.name)\" has no class \"\(label)\"")
        case .exists(let label): Problem(.conflict, "the model \"\(model.name)\" already has a class \"\(label)\"")
        case .solver(let error): SnapshotFile.problem(error)
        }
    }

    /// What every answer to a change says of the state.
    private func writeState(_ writer: inout JSONWriter) {
        writer.member("model", model.name)
        writer.member("version", classifier.version)
        writer.member("samples", classifier.samples)
        writer.member("classes", classifier.registry.count)
    }

    /// What the model holds as it is, by which all models share the budget.
    var requiredBytes: Int? { requiredBytes(classifier.configuration, classes: classifier.registry.count) }

    /// What the model would hold with another configuration, or with more classes.
    ///
    /// - Parameter added: what the labels of the new classes take that the registry does not know yet.
    private func requiredBytes(_ configuration: ModelConfiguration, classes: Int, added: Int = 0) -> Int? {
        guard let sum = configuration.estimatedBytes(classes: classes)?.addingReportingOverflow(classifier.registry.labelBytes + added)
        else {
            return nil
        }
        return sum.overflow ? nil : sum.partialValue
    }

    /// Reserves memory for this many more classes than the model has learned.
    ///
    /// - Parameters:
    ///   - known: the classes that it has memory for.
    ///   - labelBytes: what the new labels take that the registry does not know yet.
    func reserve(newClasses added: Int, known: Int? = nil, labelBytes: Int = 0) throws(Problem) {
        guard added > 0 else { return }
        let configuration = classifier.configuration
        let bytes = requiredBytes(configuration, classes: (known ?? classifier.registry.count) + added, added: labelBytes)
        guard let bytes, reservation.resize(to: bytes) else {
            let needed = configuration.bytesPerClass.map { $0.multipliedReportingOverflow(by: added) }
            let more = needed.flatMap { $0.overflow ? nil : $0.partialValue }
            throw .doesNotFit("\(added) new classes", bytes: more, budget: context.budget)
        }
    }

    /// Holds of the budget what the model as it is takes, no more and no less.
    func settleReservation() {
        if let bytes = requiredBytes { reservation.settle(at: bytes) }
    }

    func restoredMeanwhile() -> Problem {
        Problem(
            .conflict,
            "the model \"\(model.name)\" was restored in the meantime: rows must now have \(classifier.configuration.dimension) values")
    }
}
