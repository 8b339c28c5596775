import Testing
@testable import AnalyticLearning
@Test func placeholder() {}
