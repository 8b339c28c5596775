import Foundation
import Testing

/// A model whose worker takes a second or more for every block of rows: they are large, the ridge is tiny, and so the weights are solved by
/// the spectrum again and again.
struct SlowModel {
    let name = "slow"
    let model: ModelClient
    static let dimension = 1500
    private let service: TestService
    private let row: [Double]

    init(_ service: TestService) throws {
        self.service = service
        model = ModelClient(service, name)
        row = [Double](repeating: 1e6, count: Self.dimension)
        #expect(try model.create(#"{"dimension":\#(Self.dimension),"ridge":1e-9}"#).status == 201)
        // A row of zeros costs nothing to learn.
        #expect(try model.learn([row.map { _ in 0 }], ["a"]).status == 200)
    }

    /// Sends rows to learn, without waiting for the answer.
    func beginLearn() throws -> TestClient {
        let client = service.client()
        try client.begin("POST", model.path + "/learn", Bodies.learn([row], ["b"]))
        return client
    }

    /// Gives the worker something to do, and returns when it is at it.
    ///
    /// - Returns: the connection that waits for the answer.
    func occupy() throws -> TestClient {
        let requests = service.requestCount
        let client = try beginLearn()
        // When its head has been read, its small content has been read and queued by the same event loop a moment later.
        #expect(service.wait { service.requestCount > requests })
        usleep(20_000)
        #expect(service.waitForJobs(0, of: name))
        return client
    }
}
