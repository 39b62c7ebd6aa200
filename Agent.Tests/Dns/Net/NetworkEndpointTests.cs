using System.Net;
using Agent.Dns.Net;

namespace Agent.Tests.Dns.Net;

public sealed class NetworkEndpointTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", 53)]
    [InlineData("192.0.2.1:5354", "192.0.2.1", 5354)]
    [InlineData("2001:db8::1", "2001:db8::1", 53)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 53)]
    [InlineData("[2001:db8::1]:5354", "2001:db8::1", 5354)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", 53)]
    [InlineData("::", "::", 53)]
    public void Reads_the_forms_of_an_address(string text, string address, int port)
    {
        Assert.True(NetworkEndpoint.TryParse(text, 53, out NetworkEndpoint endpoint));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(address), port), endpoint.ToIPEndPoint());
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("localhost")]
    [InlineData("1")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:-1")]
    [InlineData("[192.0.2.1]:53")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]53")]
    [InlineData("[")]
    [InlineData("]:1")]
    public void Refuses_everything_else(string? text) => Assert.False(NetworkEndpoint.TryParse(text, 53, out _));

    [Theory]
    [InlineData("127.0.0.9", true, false)]
    [InlineData("::1", true, false)]
    [InlineData("::ffff:127.0.0.1", true, false)]
    [InlineData("0.0.0.0", false, true)]
    [InlineData("::", false, true)]
    [InlineData("10.0.0.1", false, false)]
    public void Knows_loopback_and_wildcard(string text, bool loopback, bool wildcard)
    {
        NetworkEndpoint endpoint = NetworkEndpoint.From(IPAddress.Parse(text), 1);
        Assert.Equal(loopback, endpoint.IsLoopback);
        Assert.Equal(wildcard, endpoint.IsWildcard);
    }

    [Fact]
    public void A_mapped_client_equals_the_same_client_by_IPv4() =>
        Assert.Equal(NetworkEndpoint.From(IPAddress.Parse("10.1.2.3"), 7), NetworkEndpoint.From(IPAddress.Parse("::ffff:10.1.2.3"), 7));
}
