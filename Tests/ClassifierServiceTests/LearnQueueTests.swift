import AnalyticLearning
import Concurrency
import TensorFormats
import Testing

@testable import ClassifierService
@testable import HTTPServer
@testable import ModelHost

/// The queue in front of a model's worker is bounded.
@Suite struct LearnQueueTests {
    @Test func fullQueueRefusesAndTakesAgainLater() throws {
        let service = try TestService { $0.host.maximumQueuedRequests = 2 }
        let held = try HeldModel(service)
        let hold = try held.hold()
        let waiting = try (0..<2).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(2, of: held.name))

        for _ in 0..<3 {
            let refused = try held.beginLearn().readReply()
            #expect(refused.status == 503)
            #expect(refused.fields["retry-after"] == "1")
            #expect(refused.problemDetail.contains("full"))
        }
        // Other changes are bounded too, and predictions do not wait for any of this.
        let patch = try service.client().send("PATCH", held.model.path, #"{"ridge":0.5}"#)
        #expect(patch.status == 503 && patch.fields["retry-after"] == "1")
        let row = [Double](repeating: 1, count: held.dimension)
        #expect(try held.model.predict([row])["version"].int == 1)

        hold.end()
        // Requests that waited together were learned together.
        let replies = try waiting.map { try $0.readReply() }
        #expect(replies.map(\.status) == [200, 200])
        #expect(Set(replies.compactMap { $0["samples"].int }) == [2, 3])
        #expect(Set(replies.compactMap { $0["version"].int }) == [2])
        let later = try held.beginLearn().readReply()
        #expect(later.status == 200 && later["samples"].int == 4)
    }

    @Test func closedQueueGivesBackWhatWaitsAndTakesNoMore() {
        let queue = BlockingQueue<Int>()
        for number in 1...3 { #expect(queue.append(number)) }
        #expect(queue.close(behind: 4) == [1, 2, 3])
        #expect(!queue.append(5))
        // A second close does not lose its element either.
        #expect(queue.close(behind: 6) == [6])
        #expect(queue.close() == [])
        #expect(queue.take() == [4])
        #expect(queue.take() == nil)
    }

    @Test func queueKeepsItsOrderThroughGrowthAndGroups() {
        let queue = BlockingQueue<Int>()
        var next = 0
        var expected = 0
        for round in 0..<200 {
            for _ in 0..<(round % 13 + 5) {
                #expect(queue.append(next))
                next += 1
            }
            let limit = round % 7 + 1
            let taken = queue.take { taken, _ in taken.count < limit }
            for number in taken ?? [] {
                #expect(number == expected)
                expected += 1
            }
        }
        #expect(queue.count == next - expected)
    }
}

/// What the queue holds in memory.
@Suite struct BlockingQueueMemoryTests {
    private final class Item: Sendable {}

    @Test func takenElementIsForgottenWhileOthersWait() {
        let queue = BlockingQueue<Item>()
        var first: Item? = Item()
        weak let seen = first
        _ = queue.append(first!)
        _ = queue.append(Item())
        first = nil
        #expect(seen != nil)
        #expect(queue.take()?.count == 1)
        #expect(seen == nil)
        #expect(queue.count == 1)
    }
}
