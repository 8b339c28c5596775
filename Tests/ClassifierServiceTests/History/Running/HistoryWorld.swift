import Foundation
import TensorFormats

/// A server, the oracle's knowledge of it, and their exchanges.
final class HistoryWorld {
    /// Seconds allowed for any call: far more than the slowest takes on the slowest machine.
    static let patience = 180

    let server: any HistoryServer
    let data: HistoryData
    var oracle = OracleWorld()
    /// Models that the last step may have changed.
    var touched: Set<String> = []
    /// Operations that succeeded.
    private(set) var covered: Set<String> = []
    /// The last requests, in words.
    private(set) var log: [String] = []
    private let operations: HistoryOperations
    private var client: TestClient
    private var keys = 0

    init(_ server: any HistoryServer, _ data: HistoryData) throws {
        guard let operations = HistoryOperations.shared else { throw HistoryFailure("the route table cannot be made") }
        self.server = server
        self.data = data
        self.operations = operations
        client = TestClient(port: server.port, patience: Self.patience)
    }

    /// A connection of its own.
    func makeClient() -> TestClient { TestClient(port: server.port, patience: Self.patience) }

    /// Drops a connection to a server that is gone.
    func reconnect() { client = makeClient() }

    func makeKey() -> String {
        keys += 1
        return "key \(keys)"
    }

    /// Logs an action.
    func note(_ line: String) {
        log.append(line)
        if log.count > 4000 { log.removeFirst(1000) }
    }

    /// Sends a request and waits for its answer, which must conform to the service's document.
    ///
    /// - Parameter mayFail: whether a disk fails, so that 5xx is allowed.
    @discardableResult
    func send(_ request: HistoryRequest, mayFail: Bool = false) throws -> Reply {
        let reply: Reply
        do {
            reply = try Self.exchange(request, client)
        } catch {
            throw HistoryFailure("no answer to \(request.summary): \(error); \(server.report)")
        }
        try check(request, reply, mayFail: mayFail)
        return reply
    }

    /// Sends a request on a given connection; callable on any thread.
    static func exchange(_ request: HistoryRequest, _ client: TestClient) throws -> Reply {
        try client.connect()
        // A server that refuses a body early may close before it has read all of it: its answer is there all the same.
        try? client.write(request.octets)
        return try client.readReply(isToHead: request.method == "HEAD")
    }

    /// Checks an answer against the document.
    func check(_ request: HistoryRequest, _ reply: Reply, mayFail: Bool = false) throws {
        let id = operations.id(request.method, request.path)
        if let id, reply.status < 300 { covered.insert(id) }
        // The operation that is always refused.
        if let id, id == "repository_unload" { covered.insert(id) }
        try demand(reply.status < 500 || mayFail, "\(request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
        if let complaint = operations.complaint(request, reply) { throw HistoryFailure(complaint) }
    }

    /// Notes that an operation succeeded, if that was found out in another way.
    func cover(_ operation: String) { covered.insert(operation) }

    /// Gets something that must exist.
    @discardableResult
    func get(_ path: String, as status: Int = 200) throws -> Reply {
        let reply = try send(HistoryRequest("GET", path))
        try demand(reply.status == status, "GET \(path) is answered with \(reply.status): \(reply.text.prefix(500))")
        return reply
    }

    /// Compares an answer to HEAD with that to GET.
    func head(_ path: String, as status: Int) throws {
        let reply = try send(HistoryRequest("HEAD", path))
        try demand(reply.status == status && reply.body.isEmpty, "HEAD \(path) is answered with \(reply.status), expected \(status)")
    }

    /// Reads what only the service knows about new models: their projections.
    func completeModels() throws {
        for (name, model) in oracle.models where model.projection.isEmpty && model.configuration.featureMap != .identity {
            let snapshot = try EditedSnapshot(get("/v1/models/\(name)/snapshot").body)
            var complete = OracleModel(
                model.configuration, projection: snapshot.elements("feature_map.projection", as: Float.self),
                phases: snapshot.elements("feature_map.phase", as: Float.self))
            complete.setVersion(model.version)
            oracle.models[name] = complete
        }
    }

    /// Restarts the server after its end, and waits until it is ready.
    ///
    /// - Parameter isClean: whether it had time to write what only memory held.
    /// - Parameter open: the models of calls still to be settled.
    func restart(isClean: Bool, except open: Set<String> = []) throws {
        do {
            try server.start()
        } catch {
            throw HistoryFailure("the server does not start again: \(error); \(server.report)")
        }
        reconnect()
        touched.formUnion(oracle.models.keys)
        guard !isClean else { return }
        // Many rows recovered from the log are not evaluated by the weights that they were evaluated by before.
        for name in oracle.models.keys.sorted() where !open.contains(name) { try adopt(name, isOrderKnown: true) }
    }

    /// Compares everything that can be queried with the oracle: all of models that may have changed; of the others, that they exist.
    func verify(_ generator: inout SeededGenerator) throws {
        for name in oracle.models.keys.sorted() where touched.contains(name) {
            // Rows of a load are seen soon after it.
            while let rows = try get("/v1/models/\(name)")["unseen_rows"].int, rows > 0 { usleep(1000) }
            try followRidge(name)
            try noteExactness(name)
            for probe in ModelProbes.predicting + ModelProbes.observing {
                do {
                    try probe.check(self, name, &generator)
                } catch let failure as HistoryFailure {
                    throw HistoryFailure("model \(name): \(failure)")
                }
            }
        }
        touched = []
        try ServiceProbe.check(self, &generator)
    }

    /// Adopts the ridge that a model has moved to by itself. Rows just learned may have decided so, and the move follows their answer.
    func followRidge(_ name: String) throws {
        guard var model = oracle.models[name], model.configuration.ridgeMetric != nil else { return }
        // The worker does one thing after another: when the first of two is answered the move has been asked for, after the second it is
        // done. They are refused, because a change would make it decide again.
        for _ in 0..<2 {
            let row = [Double](repeating: 0, count: model.configuration.dimension)
            let request = HistoryRequest("POST", "/v1/models/\(name)/unlearn", Bodies.learn([row], ["never seen"]))
            let reply = try send(request)
            try demand(reply.status == 422, "\(request.summary) is answered with \(reply.status): \(reply.text.prefix(300))")
        }
        let details = try get("/v1/models/\(name)")
        guard let ridge = details["ridge"].double, let version = details["version"].int, ridge != model.configuration.ridge else { return }
        note("  the ridge of \(name) has moved from \(model.configuration.ridge) to \(ridge)")
        try demand(version > model.version, "the ridge has moved without a new version")
        model.moveRidge(to: ridge, version: version)
        oracle.models[name] = model
    }

    /// Notes whether the service reports that a model's sums have lost digits; its scores are then not checked.
    private func noteExactness(_ name: String) throws {
        let inexact = try get("/v1/models/\(name)")["inexact"]
        oracle.models[name]?.isInexact = inexact.bool ?? (inexact != .null)
    }

    /// Adopts what only the service knows after calls of unknown order: the version, the order of columns, and the counts of rows that came
    /// through a crash.
    ///
    /// - Parameter isOrderKnown: whether the oracle's rows were evaluated; if another request was the first on an empty model, there may
    ///   have been more or fewer.
    func adopt(_ name: String, isOrderKnown: Bool = false) throws {
        // Rows of a load are seen soon after it.
        while let rows = try get("/v1/models/\(name)")["unseen_rows"].int, rows > 0 { usleep(1000) }
        try followRidge(name)
        guard var model = oracle.models[name] else { return }
        let details = try get("/v1/models/\(name)")
        let listed = (try get("/v1/models/\(name)/classes")["classes"].array ?? []).compactMap { $0["label"].string.map { LabelBytes($0) } }
        try demand(
            Set(listed) == Set(model.labels) && listed.count == model.classes.count, "the classes are \(listed), expected \(model.labels)")
        guard let version = details["version"].int else { throw HistoryFailure("no version in \(details.text.prefix(300))") }
        model.setOrder(listed, version: version)
        let evaluation = details["evaluation"]
        let rows = evaluation["evaluated_samples"].int ?? -1
        try demand(rows == model.evaluated.rows || !isOrderKnown, "\(rows) rows are evaluated, and \(model.evaluated.rows) were")
        model.evaluated = Tally(rows: rows, fewest: 0, most: rows)
        // The service does not report how many rows of each class were evaluated, except for classes with an accuracy.
        model.hasLostEvaluations = true
        oracle.models[name] = model
    }
}
