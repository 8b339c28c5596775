internal import Glibc

/// A multivariate normal density by its inverse covariance.
struct Gaussian {
    private let mean: [Double]
    /// C⁻¹, row-major.
    private let inverse: [Double]
    private let logDeterminant: Double

    init(mean: [Double], covariance: [[Double]]) {
        self.mean = mean
        inverse = DirectDiscriminant.inverse(covariance).flatMap { $0 }
        logDeterminant = DirectDiscriminant.eigen(covariance).values.reduce(0) { $0 + log($1) }
    }

    /// The logarithm of the density, up to a constant.
    func logarithm(_ x: [Double]) -> Double {
        let count = mean.count
        var sum = 0.0
        x.withUnsafeBufferPointer { x in
            mean.withUnsafeBufferPointer { mean in
                inverse.withUnsafeBufferPointer { inverse in
                    var i = 0
                    while i < count {
                        var (product, j) = (0.0, 0)
                        while j < count {
                            product += inverse[i * count + j] * (x[j] - mean[j])
                            j += 1
                        }
                        sum += product * (x[i] - mean[i])
                        i += 1
                    }
                }
            }
        }
        return -0.5 * (sum + logDeterminant)
    }
}
