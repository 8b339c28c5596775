import Concurrency
import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// The system refuses a thread: the caller gets the error, and nothing half done remains.
@Suite struct ThreadRefusalTests {
    /// Models share threads: the first exists from the start, and does all models' work if there are no more.
    @Test func modelsWithoutFurtherThreads_areServedByTheFirst() throws {
        let models = KeptModels()
        let refusals = ThreadRefusals()
        for index in 1..<64 { refusals.fail("worker-\(index)", times: 1000) }
        for round in 1...2 {
            let service = try Threads.$refusals.withValue(refusals) { try models.start() }
            try Threads.$refusals.withValue(refusals) {
                for model in ["a", "b", "c"] {
                    if round == 1 { try service.client().send("PUT", "/v1/models/\(model)", #"{"dimension":2}"#) }
                    let body = #"{"features":[[1,0],[0,1]],"labels":["a","b"]}"#
                    let learned = try service.client().send("POST", "/v1/models/\(model)/learn", body)
                    #expect(learned.status == 200 && learned["samples"].int == 2 * round)
                }
            }
            service.stop()
        }
    }

    /// Each of the server's own threads in turn: the start names the missing one, and leaves nothing behind.
    @Test(arguments: [
        ("compute-0", 0), ("compute-0", 1), ("compute-0", 2), ("metrics", 0), ("worker-0", 0),
        ("worker-alarms", 0), ("access-log", 0), ("http-0", 0), ("http-1", 0),
    ])
    func aServerWithoutAThread_doesNotStart(thread: String, passing: Int) throws {
        let models = KeptModels()
        var configuration = ServiceConfiguration()
        configuration.host.computeThreads = 1
        configuration.server.port = 0
        configuration.server.eventLoops = 2
        configuration.poolThreads = 1
        configuration.access.logFile = "/dev/null"
        configuration.host.durability = DurabilityConfiguration(directory: models.path)
        let refusals = ThreadRefusals()
        refusals.fail(thread, after: passing)
        Threads.$refusals.withValue(refusals) {
            do {
                let service = try Service(configuration, log: Log(isSilent: true))
                // The configuration takes these threads: the refused start must be the intended one.
                #expect(thread.hasPrefix("http"))
                defer { service.stop(within: 10) }
                _ = try service.start()
                Issue.record("it started without \(thread)")
            } catch {
                #expect("\(error)".contains("cannot create the thread \"\(thread)\""), "\(error)")
            }
        }
        // Neither the directory nor anything else is taken.
        let service = try Service(configuration, log: Log(isSilent: true))
        _ = try service.start()
        service.stop(within: 10)
    }

    @Test func eventsWithoutAThread_areRefused_andCanBeReadLater() throws {
        let dispatcher = EventDispatcher(maximumReaders: 1, keepAlive: 15)
        let hub = EventHub { dispatcher.schedule($0) }
        let refusals = ThreadRefusals()
        refusals.fail("events")
        try Threads.$refusals.withValue(refusals) { () throws in
            #expect(throws: ThreadError.self) { try dispatcher.open(hub, after: nil) { [] } }
            #expect(dispatcher.readerCount == 0)
            #expect(try dispatcher.open(hub, after: nil) { [] } != nil)
        }
        dispatcher.stop(within: 10)
    }

    /// The sources create threads in no other way.
    @Test func everyThreadIsMadeByTheOneFunctionThatCanFail() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources").path
        let other = /\bThread(\(| \{|\.detach)|DispatchQueue|OperationQueue|pthread_create|\bTask(\.detached)? \{/
        var places: [String] = []
        for case let file as String in try #require(FileManager.default.enumerator(atPath: sources)) where file.hasSuffix(".swift") {
            for line in try String(contentsOfFile: sources + "/" + file, encoding: .utf8).split(separator: "\n") {
                let code = line.drop { $0 == " " }
                if !code.hasPrefix("//"), code.firstMatch(of: other) != nil { places.append("\(file): \(code)") }
            }
        }
        #expect(places == ["Concurrency/Threads.swift: let number = pthread_create("])
    }
}
