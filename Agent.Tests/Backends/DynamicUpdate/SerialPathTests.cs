using Agent.Backends.DynamicUpdate;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.DynamicUpdate;

public sealed class SerialPathTests
{
    [Theory]
    [InlineData(1u, 2u, 1, new[] { 2u })]
    [InlineData(1u, 100u, 3, new[] { 2u, 3u, 100u })]
    [InlineData(uint.MaxValue, 1u, 2, new[] { 0u, 1u })]
    public void Goes_straight_where_there_is_room(uint served, uint wanted, int messages, uint[] expected) =>
        Assert.Equal(expected, SerialPath.Between(served, wanted, messages));

    /// <summary>Each serial is newer than the one before, and the wanted one is reached by the last message or not at all.</summary>
    [Fact]
    public void Every_way_is_one_that_a_server_and_its_secondaries_follow()
    {
        uint[] distances = [0, 1, 2, 3, 100, int.MaxValue - 1, int.MaxValue, 1u << 31, (1u << 31) + 1, uint.MaxValue - 1, uint.MaxValue];
        foreach (uint wanted in (uint[])[0, 1, 5, int.MaxValue, 1u << 31, uint.MaxValue])
        {
            foreach (uint distance in distances)
            {
                foreach (int messages in (int[])[1, 2, 3, 4, 50])
                {
                    uint served = unchecked(wanted - distance);
                    List<uint> serials = SerialPath.Between(served, wanted, messages);

                    Assert.Equal(messages, serials.Count);
                    Assert.DoesNotContain(wanted, serials[..^1]);
                    bool hasRoom = distance <= int.MaxValue && distance >= messages;
                    Assert.True(!hasRoom || serials[^1] == wanted, $"{served} to {wanted} by {messages}");
                    foreach (uint serial in serials)
                    {
                        Assert.True(SerialNumber.IsNewer(serial, served), $"{distance} up to {wanted}: {serial} after {served}");
                        served = serial;
                    }
                }
            }
        }
    }
}
