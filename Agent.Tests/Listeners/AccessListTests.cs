using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Tests.Listeners;

public sealed class AccessListTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/31", "10.0.0.1", true)]
    [InlineData("10.0.0.0/31", "10.0.0.2", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "203.0.113.9", false)]
    [InlineData("::ffff:10.0.0.0/104", "10.9.9.9", true)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("2001:db8::1/128", "2001:db8::1", true)]
    [InlineData("any", "203.0.113.9", true)]
    [InlineData("ANY", "2001:db8::1", true)]
    [InlineData("key:k1", "10.0.0.1", false)]
    public void Matches_addresses(string entry, string client, bool allowed) =>
        Assert.Equal(allowed, AccessList.Parse(entry).AllowsAddress(NetworkEndpoint.From(IPAddress.Parse(client), 5000)));

    [Fact]
    public void An_entry_with_a_port_wants_that_port()
    {
        AccessList list = AccessList.Parse("10.0.0.1:53", "[2001:db8::1]:53");
        Assert.True(list.AllowsAddress(NetworkEndpoint.From(IPAddress.Parse("10.0.0.1"), 53)));
        Assert.False(list.AllowsAddress(NetworkEndpoint.From(IPAddress.Parse("10.0.0.1"), 54)));
        Assert.True(list.AllowsAddress(NetworkEndpoint.From(IPAddress.Parse("2001:db8::1"), 53)));
    }

    [Fact]
    public void Keys_compare_as_names()
    {
        AccessList list = AccessList.Parse("key:Pool.Example");
        Assert.True(list.HasKeys);
        Assert.True(list.AllowsKey(DomainName.Parse("pool.example.")));
        Assert.False(list.AllowsKey(DomainName.Parse("other.example.")));
    }

    [Theory]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/24")]
    [InlineData("10.0.0.0/")]
    [InlineData("2001:db8::/129")]
    [InlineData("::ffff:10.0.0.0/64")]
    [InlineData("ns1.example.com")]
    [InlineData("key:")]
    [InlineData("key:.")]
    [InlineData("")]
    public void Says_which_entry_is_wrong(string entry)
    {
        Assert.False(AccessList.TryParse(["10.0.0.1", entry], out _, out string? problem));
        Assert.Contains($"'{entry}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_and_everybody()
    {
        Assert.True(AccessList.None.IsEmpty);
        Assert.False(AccessList.None.AllowsAddress(NetworkEndpoint.From(IPAddress.Loopback, 1)));
        Assert.True(AccessList.Any.AllowsAny);
        Assert.Throws<FormatException>(() => AccessList.Parse("x"));
    }

    [Fact]
    public void A_long_list_agrees_with_a_plain_scan()
    {
        var random = new Random(7);
        IPNetwork[] networks =
        [
            .. Enumerable.Range(0, 20_000).Select(_ =>
            {
                int bits = random.Next(12, 33);
                uint address = (uint)random.NextInt64() & (bits == 0 ? 0 : uint.MaxValue << (32 - bits));
                return new IPNetwork(NetworkEndpoint.FromIPv4(address, 0).ToIPAddress(), bits);
            }),
        ];
        AccessList list = AccessList.Parse(networks.Select(network => network.ToString()));
        int hits = 0;
        for (int round = 0; round < 300; round++)
        {
            NetworkEndpoint client = NetworkEndpoint.FromIPv4((uint)random.NextInt64(), 53);
            IPAddress address = client.ToIPAddress();
            bool expected = networks.Any(network => network.Contains(address));
            Assert.Equal(expected, list.AllowsAddress(client));
            hits += expected ? 1 : 0;
        }
        Assert.InRange(hits, 1, 299);
    }
}
