internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import Storage

/// `GET` and `PUT /v1/models/{model}/snapshot`.
struct SnapshotRoutes: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let context: ServiceContext

    func add(to routes: inout RouteSet) {
        routes.on(.takeSnapshot) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try snapshot(request, deferred) } catch { deferred.send(error.response) }
        }
        // A snapshot may be larger than other bodies; more than all models may take, or the disk has room for, it cannot be.
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

    /// What a snapshot is sent for.
    private enum Purpose { case restore, merge }

    private func snapshot(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        let parts: SnapshotParts
        switch request.query("parts") {
        case nil, "all": parts = .all
        case "weights": parts = .weights
        case .some(let other): throw Problem(.badRequest, "\"parts\" is \"\(other)\", expected all or weights")
        }
        try model.enqueue(.snapshot(parts, lengthAlone: request.method == .head, responder))
    }

    private func upload(
        _ request: borrowing Request, _ responder: DeferredResponder, _ purpose: Purpose
    ) throws(Problem) -> SnapshotUpload {
        let name = try ModelRoutes.validName(request)
        // Merging needs a model; whether there is one is known before the body comes.
        let target = purpose == .merge ? try registry.model(of: request) : nil
        let key = purpose == .merge ? try IdempotencyKey.of(request) : nil
        return SnapshotUpload(spool: try Spool(context, for: .writing), pool: pool, responder: responder) { spool in
            do throws(Problem) {
                let snapshot = try SnapshotFile(spool)
                if let target { return try target.enqueue(.merge(snapshot, responder, try Self.identity(key, snapshot))) }
                // A new model's worker begins with the file; an older one takes it in its turn.
                try registry.put(
                    name, snapshot.configuration, classes: snapshot.labels.count, origin: .file(snapshot),
                    first: .describe(responder, .created), other: { _ in .restore(snapshot, responder, .ok) })
            } catch {
                responder.send(error.response)
            }
        }
    }

    private static func identity(_ key: IdempotencyKey?, _ snapshot: SnapshotFile) throws(Problem) -> RequestIdentity? {
        guard let key else { return nil }
        do throws(StorageError) {
            return RequestIdentity(key: key, block: 0, hash: try snapshot.hash(seed: RequestIdentity.Purpose.merge.rawValue))
        } catch {
            throw SnapshotFile.problem(error)
        }
    }
}
