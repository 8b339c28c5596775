/// A response whose content is on its way.
struct Delivery {
    let info: ExchangeInfo
    let status: Status
    var bytes: Int
}
