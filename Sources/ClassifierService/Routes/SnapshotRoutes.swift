internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import Storage

/// `GET` and `PUT /v1/models/{model}/snapshot`.
struct SnapshotRoutes: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let answers: AnswerSender
    let log: Log

    func add(to routes: inout RouteSet) {
        routes.on(.takeSnapshot) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try snapshot(request, deferred) } catch { deferred.send(error.response) }
        }
        let context = registry.context
        // A snapshot may be larger than other bodies, but not larger than the memory for all models or the disk for streaming.
        for (operation, purpose) in [(Operation.restoreSnapshot, Purpose.restore), (.merge, .merge)] {
            routes.stream(operation, maximumBodySize: min(context.budget.limit, context.spools.maximumBytes)) { request, responder in
                let deferred = responder.deferred()
                do throws(Problem) {
                    return try upload(request, deferred, purpose)
                } catch {
                    deferred.send(error.response)
                    return nil
                }
            }
        }
    }

    /// The purpose of an upload.
    private enum Purpose { case restore, merge }

    private func snapshot(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        let parts: SnapshotParts
        switch request.query("parts") {
        case nil, "all": parts = .all
        case "weights": parts = .weights
        case .some(let other): throw Problem(.badRequest, "\"parts\" is \"\(other)\", expected all or weights")
        }
        if request.method == .head {
            let completion = Completion<Int>(responder) { responder.send(Self.response(of: model, .unsent($0))) }
            return try model.submit(.snapshotSize(parts, completion))
        }
        let completion = Completion<Spool>(responder) { [limits = registry.context.spools, log] spool in
            do throws(StorageError) {
                let descriptor = try spool.file.duplicateDescriptor()
                let body = FileBody(
                    descriptor: descriptor, length: spool.file.size, owner: spool.share, closing: limits.closing)
                limits.note(body)
                responder.send(Self.response(of: model, .file(body)))
            } catch {
                log.error("a snapshot could not be written", ["model": model.name, "reason": "\(error)"])
                responder.send(Problem(.insufficientStorage, "the snapshot could not be written: \(error)").response)
            }
        }
        try model.submit(.snapshot(parts, completion))
    }

    private static func response(of model: Model, _ body: ResponseBody) -> Response {
        let name = HeaderField("Content-Disposition", "attachment; filename=\"\(model.name).safetensors\"")
        return Response(.ok, contentType: Operation.snapshotType, headers: [name], body: body)
    }

    private func upload(
        _ request: borrowing Request, _ responder: DeferredResponder, _ purpose: Purpose
    ) throws(Problem) -> SnapshotUpload {
        let name = try ModelRoutes.validName(request)
        // Merging needs an existing model, which is checked before the body arrives.
        let target = purpose == .merge ? try registry.model(of: request) : nil
        let key = purpose == .merge ? try IdempotencyKey.of(request) : nil
        let spool = try Problem.of { () throws(ModelError) in try Spool(registry.context.spools, for: .writing) }
        return SnapshotUpload(spool: spool, pool: pool, responder: responder) { spool in
            do throws(ModelError) {
                let snapshot = try SnapshotFile(spool)
                if let target {
                    let completion = Completion<KeyedOutcome>(responder) { [answers] in
                        answers.answer($0.text(listing: Self.mergedClasses), to: responder)
                    }
                    return try target.enqueue(.merge(snapshot, try Self.changeKey(key, snapshot), completion))
                }
                // A new model starts from the file; an existing one restores it in its turn.
                let created = Completion<ModelDetails>(responder) { [answers] in
                    answers.answer(ModelAnswer($0).text(.created), to: responder)
                }
                let restored = Completion<ModelDetails>(responder) { [answers] in answers.answer(ModelAnswer($0).text(), to: responder) }
                try registry.put(
                    name, snapshot.configuration, classes: snapshot.labels.count, origin: .file(snapshot),
                    first: .describe(created, isNew: true), other: { _ in .restore(snapshot, restored) })
            } catch {
                responder.send(Problem(error).response)
            }
        }
    }

    /// The name of the list of new classes in the answer to a merge.
    private static let mergedClasses: StaticString = "new_classes"

    private static func changeKey(_ key: IdempotencyKey?, _ snapshot: SnapshotFile) throws(ModelError) -> ChangeKey? {
        guard let key else { return nil }
        let identity = RequestIdentity(key: key, block: 0, hash: try snapshot.hash(seed: RequestIdentity.Purpose.merge.rawValue))
        return ChangeKey(identity) { $0.written(listing: mergedClasses) }
    }
}

extension FileBody: Download {}
