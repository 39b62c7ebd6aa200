using System.Net;
using System.Net.Sockets;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Host.Transfers;

namespace Agent.Tests.Transfers;

public sealed class ResolveTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("[2001:db8::1]", "2001:db8::1")]
    public async Task A_literal_needs_no_lookup(string host, string address)
    {
        await using var masters = new MasterClientFixture(lookup: (_, _) => throw new InvalidOperationException("not to be asked"));
        MasterResolved resolved = masters.Resolve(host);
        Assert.Equal([new IPEndPoint(IPAddress.Parse(address), 5354)], resolved.EndPoints);
        Assert.Null(resolved.Reason);
    }

    [Fact]
    public async Task A_name_gives_all_its_addresses_and_is_asked_once_in_a_while()
    {
        int asked = 0;
        await using var masters = new MasterClientFixture(
            new MasterClientOptions { ResolveCache = TimeSpan.FromHours(1) },
            (host, _) =>
            {
                asked++;
                Assert.Equal("mdns.example", host);
                IPAddress four = IPAddress.Parse("192.0.2.1");
                return Task.FromResult<IPAddress[]>([four, IPAddress.Parse("2001:db8::1"), four]);
            });
        for (int port = 53; port < 56; port++)
        {
            Assert.Equal(
                [new IPEndPoint(IPAddress.Parse("192.0.2.1"), port), new IPEndPoint(IPAddress.Parse("2001:db8::1"), port)],
                masters.Resolve("mdns.example", port).EndPoints);
        }
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_number_is_a_name_and_not_an_address()
    {
        string? asked = null;
        await using var masters = new MasterClientFixture(lookup: (host, _) =>
        {
            asked = host;
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        });
        masters.Resolve("7");
        Assert.Equal("7", asked);
    }

    [Fact]
    public async Task A_name_that_fails_gives_a_reason_and_harms_no_other()
    {
        await using var masters = new MasterClientFixture(lookup: (host, _) => host == "good.example"
            ? Task.FromResult<IPAddress[]>([IPAddress.Loopback])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)));
        MasterResolved bad = masters.Resolve("bad.example");
        Assert.Empty(bad.EndPoints);
        Assert.Equal(ReasonCode.NoMaster, bad.Reason!.Code);
        Assert.Contains("bad.example", bad.Reason.Text, StringComparison.Ordinal);
        Assert.Single(masters.Resolve("good.example").EndPoints);
    }

    [Fact]
    public async Task A_resolver_that_hangs_is_not_waited_for()
    {
        await using var masters = new MasterClientFixture(
            new MasterClientOptions { ResolveTimeout = TimeSpan.FromMilliseconds(20) },
            (_, _) => new TaskCompletionSource<IPAddress[]>().Task);
        Assert.Contains("no answer in time", masters.Resolve("slow.example").Reason!.Text, StringComparison.Ordinal);
    }
}
