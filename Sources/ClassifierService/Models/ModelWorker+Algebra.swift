internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import TensorFormats

extension ModelWorker {
    /// Takes a request's rows out again, all or none.
    func unlearn(_ job: LearnJob) throws(Problem) -> Response {
        guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
        var columns: [Int] = []
        columns.reserveCapacity(job.rows)
        for row in 0..<job.rows {
            guard let column = classifier.registry.column(of: job.labels[row]) else {
                throw Problem(.unprocessableContent, "labels[\(row)] is \"\(job.labels[row])\", which the model does not know")
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
        return .json { writer in
            writeState(&writer)
            writer.key("rows")
            writer.write(job.rows)
            writer.key("sketches_not_undone")
            writer.beginArray()
            for column in outcome.staleSketches { writer.write(classifier.registry.labels[column]) }
            writer.endArray()
        }
    }

    private static func problem(_ error: UnlearnError) -> Problem {
        switch error {
        case .unknownClass(let row, let label):
            Problem(.unprocessableContent, "labels[\(row)] is \"\(label)\", which the model does not know")
        case .tooManyRows(let label, let rows, let learned):
            Problem(.unprocessableContent, "the request has \(rows) rows of \"\(label)\", of which the model has learned \(learned)")
        case .neverLearned:
            Problem(
                .unprocessableContent,
                "these rows cannot have been learned: without them the Gram matrix would not be one; nothing was changed")
        case .solver(let error): SnapshotFile.problem(error)
        }
    }

    /// Adds the truth of a snapshot.
    func merge(_ file: SnapshotFile) throws(Problem) -> Response {
        let (known, samples) = (classifier.registry.count, classifier.samples)
        let added = file.labels.count { classifier.registry.column(of: $0) == nil }
        let bytes = try reserve(classes: added)
        do {
            try file.merge(into: classifier)
        } catch {
            context.budget.release(bytes)
            throw SnapshotFile.problem(error)
        }
        reserved += bytes
        return .json { writer in
            writeState(&writer)
            writer.key("rows")
            writer.write(classifier.samples - samples)
            writer.key("new_classes")
            writer.beginArray()
            for label in classifier.registry.labels[known...] { writer.write(label) }
            writer.endArray()
        }
    }

    /// Changes the ridge, the imbalance, or both: both or none.
    func reconfigure(_ patch: ModelPatch) throws(Problem) -> Response {
        let before = classifier.configuration.imbalance
        do {
            // The cheap change first: it is easily undone where the other fails.
            if let imbalance = patch.imbalance { try classifier.setImbalance(imbalance) }
            if let ridge = patch.ridge, ridge != classifier.configuration.ridge {
                do {
                    try classifier.setRidge(ridge)
                } catch {
                    try classifier.setImbalance(before)
                    throw error
                }
            }
        } catch let error as ConfigurationError {
            throw Problem(.badRequest, error.description)
        } catch let error as ReconfigurationError {
            throw Problem(error == .sketchesMissing ? .conflict : .unprocessableContent, error.description)
        } catch {
            throw SnapshotFile.problem(error)
        }
        return try describe(.ok)
    }

    /// Gives a class another label.
    func renameClass(_ label: String, to new: String) throws(Problem) -> Response {
        do throws(ClassError) { try classifier.renameClass(label, to: new) } catch { throw problem(error) }
        return .json { writer in
            writeState(&writer)
            writer.key("label")
            writer.write(new)
        }
    }

    /// Forgets a class; its rows stay in the Gram matrix.
    func deleteClass(_ label: String) throws(Problem) -> Response {
        let rows: Int
        do throws(ClassError) { rows = try classifier.deleteClass(label) } catch { throw problem(error) }
        return .json { writer in
            writeState(&writer)
            writer.key("label")
            writer.write(label)
            writer.key("rows_of_no_class")
            writer.write(rows)
            writer.key("detail")
            writer.write(
                "the label is forgotten; its \(rows) rows stay in the Gram matrix as rows of no class: the weights are those of the joint "
                    + "solution in which these rows have all-zero targets" as String)
        }
    }

    private func problem(_ error: ClassError) -> Problem {
        switch error {
        case .unknown(let label): Problem(.notFound, "the model \"\(model.name)\" knows no class \"\(label)\"")
        case .exists(let label): Problem(.conflict, "the model \"\(model.name)\" has a class \"\(label)\" already")
        case .label: Problem(.badRequest, "\"label\" must have 1 to \(ClassRegistry.maximumLabelBytes) bytes")
        case .solver(let error): SnapshotFile.problem(error)
        }
    }

    /// What every answer to a change says of the state.
    private func writeState(_ writer: inout JSONWriter) {
        writer.key("model")
        writer.write(model.name)
        writer.key("version")
        writer.write(classifier.version)
        writer.key("samples")
        writer.write(classifier.samples)
        writer.key("classes")
        writer.write(classifier.registry.count)
    }

    /// Reserves memory for new classes.
    ///
    /// - Returns: the bytes.
    func reserve(classes added: Int) throws(Problem) -> Int {
        guard added > 0 else { return 0 }
        let (bytes, overflow) = added.multipliedReportingOverflow(by: classifier.configuration.bytesPerClass ?? .max)
        guard !overflow, context.budget.reserve(bytes) else {
            throw .doesNotFit("\(added) new classes", bytes: overflow ? nil : bytes, budget: context.budget)
        }
        return bytes
    }

    func restoredMeanwhile() -> Problem {
        Problem(
            .conflict, "the model \"\(model.name)\" was restored meanwhile: rows must have \(classifier.configuration.dimension) values")
    }
}
