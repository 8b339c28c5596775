import Concurrency
import Testing

@Suite struct RingBufferTests {
    @Test func elements_comeOutInOrder_throughGrowthAndWrapping() {
        var buffer = RingBuffer<Int>()
        var (next, expected) = (0, 0)
        for round in 0..<400 {
            for _ in 0..<(round % 17) {
                buffer.append(next)
                next += 1
            }
            #expect(buffer.first == (next > expected ? expected : nil))
            for _ in 0..<(round % 13) where next > expected {
                #expect(buffer.removeFirst() == expected)
                expected += 1
            }
            #expect(buffer.count == next - expected)
        }
        #expect(buffer.removeAll() == Array(expected..<next))
        #expect(buffer.removeFirst() == nil && buffer.first == nil && buffer.count == 0)
    }

    @Test func takenElements_areForgotten() {
        final class Item {}
        var buffer = RingBuffer<Item>()
        weak var seen: Item?
        do {
            let item = Item()
            seen = item
            buffer.append(item)
        }
        buffer.append(Item())
        #expect(seen != nil)
        #expect(buffer.removeFirst() != nil)
        #expect(seen == nil && buffer.count == 1)
        for _ in 0..<5000 { buffer.append(Item()) }
        #expect(buffer.removeAll().count == 5001)
    }
}
