import Foundation
import Testing

@testable import accrue

/// The words of progress.
@Suite struct ProgressTests {
    @Test func rowsOfAKnownNumber() {
        let text = ProgressText(done: 25_000, total: 100_000, elapsed: 10)
        #expect(text.plain == "25,000 of 100,000 rows, 2,500 rows/s, 30 s left")
        #expect(text.bar(width: 80) == " 25% [######..................] 25,000 of 100,000 rows, 2,500 rows/s, 30 s left")
    }

    @Test func rowsOfAPipe() {
        let text = ProgressText(done: 500, elapsed: 200)
        #expect(text.plain == "500 rows, 2 rows/s, 3:20 min")
        #expect(text.bar(width: 80) == "500 rows, 2 rows/s, 3:20 min")
    }

    @Test func rowsOfAFileWhoseSizeIsKnown() {
        let text = ProgressText(done: 1000, fraction: 0.25, elapsed: 10)
        #expect(text.plain == "1,000 rows (25%), 100 rows/s, 30 s left")
        // One percentage is enough: with a bar, differently rounded ones could differ.
        for share in [0.256, 0.999, 0.004] {
            let text = ProgressText(done: 1000, fraction: share, elapsed: 10)
            #expect(text.bar(width: 100).count { $0 == "%" } == 1)
            #expect(text.plain.contains("(\(Int(share * 100))%)") && text.bar(width: 100).contains("\(Int(share * 100))%"))
        }
    }

    @Test func whatWasDoneBeforeIsNoRate() {
        let text = ProgressText(done: 900, total: 1000, elapsed: 10, skipped: 800)
        #expect(text.rate == 10)
        #expect(text.remaining == 10)
    }

    @Test func aNoteStandsBehind() {
        let text = ProgressText(done: 1, total: 2, elapsed: 1, note: "waiting: too much to do (503)")
        #expect(text.plain.hasSuffix("waiting: too much to do (503)"))
        for width in [0, 1, 20, 60, 80, 200] { #expect(text.bar(width: width).count < max(width, 1), "\(width)") }
    }

    @Test func aBarIsNoWiderThanItsTerminal() {
        for width in 1...200 {
            for share in [0, 1, 999, 1000] {
                let text = ProgressText(done: share, total: 1000, elapsed: 3)
                #expect(text.bar(width: width).count < width || width == 1)
            }
        }
        #expect(ProgressText(done: 1000, total: 1000, elapsed: 3).bar(width: 100).contains("100% [########"))
    }

    @Test(arguments: [
        (0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (60, "1:00 min"), (3599, "59:59 min"), (3600, "1:00:00 h"),
        (1e12, "long"), (.infinity, "long"),
    ]) func durations(_ seconds: Double, _ text: String) { #expect(ProgressText.duration(seconds) == text) }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (99_940_000, "99.9 MB"), (5_000_000_000, "5.0 GB"),
    ])
    func sizes(_ count: Int, _ text: String) { #expect(ProgressText.bytes(count) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")])
    func groups(_ count: Int, _ text: String) { #expect(ProgressText.grouped(count) == text) }
}
