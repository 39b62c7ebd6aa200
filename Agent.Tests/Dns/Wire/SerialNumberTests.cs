using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

public class SerialNumberTests
{
    [Theory]
    [InlineData(1u, 1u, SerialOrder.Equal)]
    [InlineData(2u, 1u, SerialOrder.Newer)]
    [InlineData(1u, 2u, SerialOrder.Older)]
    [InlineData(0u, uint.MaxValue, SerialOrder.Newer)]
    [InlineData(uint.MaxValue, 0u, SerialOrder.Older)]
    [InlineData(5u, 4294967290u, SerialOrder.Newer)]
    [InlineData(0x7FFFFFFFu, 0u, SerialOrder.Newer)]
    [InlineData(0x80000000u, 0u, SerialOrder.Undefined)]
    [InlineData(0u, 0x80000000u, SerialOrder.Undefined)]
    [InlineData(0x80000001u, 0u, SerialOrder.Older)]
    [InlineData(0x80000000u, 1u, SerialOrder.Newer)]
    public void CompareFollowsRfc1982(uint serial, uint other, SerialOrder expected)
    {
        Assert.Equal(expected, SerialNumber.Compare(serial, other));
        Assert.Equal(expected == SerialOrder.Newer, SerialNumber.IsNewer(serial, other));
        Assert.Equal(expected is SerialOrder.Newer or SerialOrder.Equal, SerialNumber.IsSameOrNewer(serial, other));
    }

    [Fact]
    public void AddWrapsAndRefusesTooLargeSteps()
    {
        Assert.Equal(4u, SerialNumber.Add(uint.MaxValue, 5));
        Assert.True(SerialNumber.IsNewer(SerialNumber.Add(7, SerialNumber.MaximumIncrement), 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => SerialNumber.Add(1, 0x80000000));
    }
}
