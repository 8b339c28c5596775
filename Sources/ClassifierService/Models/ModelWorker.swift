internal import AnalyticLearning
internal import Foundation
internal import HTTPServer
internal import LinearAlgebra
internal import TensorFormats

/// The one thread that owns a model's truth and view. It takes what waits, applies it, publishes, and only then answers.
final class ModelWorker {
    private let model: Model
    private let context: ServiceContext
    private var classifier: Classifier
    /// What this model holds of the budget.
    private var reserved: Int
    private var features: [Double] = []

    private init(model: Model, classifier: Classifier, reserved: Int, context: ServiceContext) {
        self.model = model
        self.classifier = classifier
        self.reserved = reserved
        self.context = context
    }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - reserved: the bytes that were reserved for the model; released when it ends.
    ///   - file: a snapshot to begin with; a fresh model where nil.
    ///   - onFailure: called on the thread when the model cannot be made, before waiting requests are refused.
    static func start(
        _ model: Model, reserved: Int, file: SnapshotFile?, context: ServiceContext, onFailure: @escaping @Sendable () -> Void
    ) {
        let thread = Thread {
            let classifier: Classifier
            do {
                classifier = try file.map { try $0.restore(notBefore: 0) } ?? Classifier(model.configuration)
            } catch {
                onFailure()
                context.budget.release(reserved)
                let problem = SnapshotFile.problem(error)
                context.log.error("a model could not be made", ["model": model.name, "reason": problem.detail])
                for job in model.queue.close() { job.responder.send(problem.response) }
                return
            }
            ModelWorker(model: model, classifier: classifier, reserved: reserved, context: context).run()
        }
        thread.name = "model"
        // LAPACK's recursive factorisations and OpenBLAS's buffers want more than the default of a secondary thread.
        thread.stackSize = 16 << 20
        thread.start()
    }

    private func run() {
        publish()
        let limit = context.limits.blockRows
        while let jobs = model.queue.take(while: { taken, next in
            guard case .learn(let first) = taken[0], case .learn(let job) = next else { return false }
            var rows = job.rows
            for case .learn(let other) in taken { rows += other.rows }
            return rows <= limit && job.dimension == first.dimension
        }) {
            if case .delete(let responder) = jobs[0] {
                context.budget.release(reserved)
                responder.send(Response(.noContent))
                return
            }
            perform(jobs)
        }
        context.budget.release(reserved)
    }

    private func perform(_ jobs: [Job]) {
        switch jobs[0] {
        case .learn: learn(jobs.compactMap { if case .learn(let job) = $0 { job } else { nil } })
        case .describe(let responder, let status): describe(responder, status)
        case .snapshot(let parts, let responder): snapshot(parts, responder)
        case .restore(let file, let responder, let status): restore(file, responder, status)
        case .delete: break
        }
    }

    // MARK: Learning

    private struct Accepted {
        var job: LearnJob
        var newLabels: Range<Int>
        var span: RequestSpan
    }

    private func learn(_ jobs: [LearnJob]) {
        features.removeAll(keepingCapacity: features.capacity <= 1 << 22)
        var columns: [Int] = []
        var accepted: [Accepted] = []
        for job in jobs {
            do throws(Problem) {
                accepted.append(try intern(job, &columns))
                features.append(contentsOf: job.features)
            } catch {
                job.responder.send(error.response)
            }
        }
        guard !accepted.isEmpty else { return }
        var samples = classifier.samples
        let outcome: LearnOutcome
        do {
            outcome = try features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                try classifier.learn(features: buffer, columns: columns, spans: accepted.map(\.span))
            }
        } catch {
            classifier.forgetClasses(from: accepted[0].span.knownClasses)
            let problem = Problem(.insufficientStorage, "the machine gave no memory for the matrices of new classes; nothing was learned")
            for entry in accepted { entry.job.responder.send(problem.response) }
            return
        }
        publish()
        var row = 0
        for entry in accepted {
            let rows = row..<(row + entry.job.rows)
            samples += entry.job.rows
            let answer = LearnAnswer(
                model: model.name, version: classifier.version, rows: entry.job.rows, samples: samples,
                classes: entry.newLabels.upperBound, newClasses: Array(classifier.registry.labels[entry.newLabels]),
                accuracyBefore: outcome.accuracy(of: rows, columns: columns, knownClasses: entry.span.knownClasses))
            entry.job.responder.send(answer.response)
            row = rows.upperBound
        }
    }

    /// Gives a request's labels their columns; memory for new classes is reserved first, and a request that finds none is refused alone.
    private func intern(_ job: LearnJob, _ columns: inout [Int]) throws(Problem) -> Accepted {
        guard job.dimension == classifier.configuration.dimension else {
            throw Problem(
                .conflict,
                "the model \"\(model.name)\" was restored meanwhile: rows must have \(classifier.configuration.dimension) values")
        }
        let known = classifier.registry.count
        let firstColumn = columns.count
        columns.append(contentsOf: classifier.intern((0..<job.rows).map { job.labels[$0] }))
        let added = classifier.registry.count - known
        if added > 0 {
            let perClass = classifier.configuration.bytesPerClass ?? .max
            let (bytes, overflow) = added.multipliedReportingOverflow(by: perClass)
            guard !overflow, context.budget.reserve(bytes) else {
                classifier.forgetClasses(from: known)
                columns.removeLast(columns.count - firstColumn)
                throw .doesNotFit("\(added) new classes", bytes: overflow ? nil : bytes, budget: context.budget)
            }
            reserved += bytes
        }
        return Accepted(
            job: job, newLabels: known..<classifier.registry.count, span: RequestSpan(rows: job.rows, knownClasses: known))
    }

    private func publish() {
        guard let weights = classifier.publish() else {
            return context.log.error(
                "the weights are not finite; the last finite ones stay in use",
                ["model": model.name, "ridge that would cure it": "\(classifier.health.curingRidge)"])
        }
        model.publish(weights)
    }

    // MARK: The rest

    private func describe(_ responder: DeferredResponder, _ status: Status) {
        guard let weights = model.published else {
            return responder.send(Problem(.internalServerError, "the model has published nothing").response)
        }
        responder.send(ModelAnswer(name: model.name, weights: weights).response(status))
    }

    private func snapshot(_ parts: SnapshotParts, _ responder: DeferredResponder) {
        guard responder.isConnected else { return }
        do throws(Problem) {
            let body = try SnapshotWriter(classifier).write(parts, directory: context.spoolDirectory)
            let name = HeaderField("Content-Disposition", "attachment; filename=\"\(model.name).safetensors\"")
            responder.send(Response(.ok, contentType: SnapshotFile.mediaType, headers: [name], body: .file(body)))
        } catch {
            context.log.error("a snapshot could not be written", ["model": model.name, "reason": error.detail])
            responder.send(error.response)
        }
    }

    private func restore(_ file: SnapshotFile, _ responder: DeferredResponder, _ status: Status) {
        do {
            // Both states stand side by side until the new one has proved itself.
            let bytes = try file.requiredBytes(budget: context.budget)
            guard context.budget.reserve(bytes) else { throw Problem.doesNotFit("the snapshot", bytes: bytes, budget: context.budget) }
            do {
                classifier = try file.restore(notBefore: classifier.version)
            } catch {
                context.budget.release(bytes)
                throw error
            }
            context.budget.release(reserved)
            reserved = bytes
            publish()
            describe(responder, status)
        } catch {
            responder.send(SnapshotFile.problem(error).response)
        }
    }
}
