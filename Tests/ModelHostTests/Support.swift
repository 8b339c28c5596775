import Foundation

@testable import AnalyticLearning
@testable import ModelHost

extension Label: ExpressibleByStringInterpolation {
    /// A label that stands in a test.
    init(stringLiteral text: String) { self = try! Label(text) }
}

/// A directory of a test's own, removed with all in it when the value goes.
final class TestDirectory: Sendable {
    let path = NSTemporaryDirectory() + "accrue-host-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A host that has the directory open.
    func open() throws -> LearningHost {
        var configuration = HostConfiguration()
        configuration.durability = DurabilityConfiguration(directory: path)
        configuration.maximumMemory = 1 << 30
        // The tests of one process share its threads.
        configuration.computeThreads = 1
        return try LearningHost(configuration)
    }

    /// What a process that is killed now would leave.
    func copy() throws -> TestDirectory {
        let other = TestDirectory()
        try FileManager.default.copyItem(atPath: path, toPath: other.path)
        return other
    }
}
