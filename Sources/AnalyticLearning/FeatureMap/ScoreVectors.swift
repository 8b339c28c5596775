internal import CScoreKernel

/// The vectors that `ScoreKernel` computes with. All give the same bits.
enum ScoreVectors: Int, CaseIterable, Comparable {
    /// Those of every processor that the build is for.
    case common
    case avx2
    case avx512

    static func < (first: ScoreVectors, second: ScoreVectors) -> Bool { first.rawValue < second.rawValue }

    /// The widest of this processor.
    static let widest = allCases.last { $0.isSupported } ?? .common

    /// Whether this processor has them.
    var isSupported: Bool {
        switch self {
        case .common: return true
        case .avx2, .avx512:
            #if arch(x86_64)
                return self == .avx2 ? score_kernel_has_avx2() : score_kernel_has_avx512()
            #else
                return false
            #endif
        }
    }
}
