import Testing

@testable import AnalyticLearning

@Suite struct ClassRegistryTests {
    @Test func labels_areComparedByTheirBytes() {
        var registry = ClassRegistry()
        let (composed, decomposed): (Label, Label) = ("\u{e9}", "e\u{301}")
        #expect(registry.intern(composed) == (0, true))
        #expect(registry.intern(decomposed) == (1, true))
        #expect(registry.intern(composed) == (0, false))
        #expect(registry.column(of: decomposed) == 1)
        registry.rename(0, to: "x")
        #expect(registry.column(of: composed) == nil && registry.column(of: decomposed) == 1)
        registry.remove(0)
        #expect(registry.column(of: decomposed) == 0)
        registry.truncate(to: 0)
        #expect(registry.column(of: decomposed) == nil)
    }
}
