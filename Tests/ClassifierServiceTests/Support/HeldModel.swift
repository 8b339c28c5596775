import AnalyticLearning
import Foundation
import Testing

@testable import ClassifierService
@testable import HTTPServer
@testable import ModelHost

/// A model whose worker a test can hold: queued jobs wait meanwhile, at any speed of the machine.
struct HeldModel {
    let name = "held"
    let model: ModelClient
    let dimension: Int
    private let service: TestService
    private let row: [Double]

    /// Creates a model that has learned one row of zeros.
    ///
    /// - Parameter value: all components of the rows that it learns afterwards.
    init(_ service: TestService, dimension: Int = 16, ridge: Double = 0.1, value: Double = 1) throws {
        self.service = service
        self.dimension = dimension
        model = ModelClient(service, name)
        row = [Double](repeating: value, count: dimension)
        #expect(try model.create(#"{"dimension":\#(dimension),"ridge":\#(ridge)}"#).status == 201)
        #expect(try model.learn([row.map { _ in 0 }], ["a"]).status == 200)
    }

    /// Sends a row to learn, without waiting for the answer.
    func beginLearn() throws -> TestClient {
        let client = service.client()
        try client.begin("POST", model.path + "/learn", Bodies.learn([row], ["b"]))
        return client
    }

    /// Gives the worker a job that lasts until the hold ends, and returns once it has begun.
    func hold() throws -> Hold {
        let hold = Hold()
        let registered = try #require(service.service.registry.all.first { $0.name == name })
        let (begun, ended) = (hold.begun, hold.ended)
        let completion = Completion<Leverages> { _ in
            begun.signal()
            ended.wait()
        }
        try registered.enqueue(.measure(LeverageJob(features: row, dimension: dimension, completion)))
        begun.wait()
        return hold
    }

    /// Ends with a call, or with its lifetime if a test ends early.
    final class Hold: Sendable {
        fileprivate let begun = DispatchSemaphore(value: 0)
        fileprivate let ended = DispatchSemaphore(value: 0)

        func end() { ended.signal() }

        deinit { ended.signal() }
    }
}
