using System.Net;
using Agent.Bench.Peers;
using Agent.Host.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Agent.Tests.Web;

public sealed class ManagementGuardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("guard");
    private readonly ServiceProvider _services = new ServiceCollection().AddLogging().BuildServiceProvider();

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("GET", "/livez", "192.0.2.9", 200)]
    [InlineData("HEAD", "/livez", "192.0.2.9", 200)]
    [InlineData("POST", "/livez", "192.0.2.9", 401)]
    [InlineData("GET", "/readyz", "192.0.2.9", 401)]
    [InlineData("GET", "/livez/", "192.0.2.9", 401)]
    [InlineData("GET", "/api/v1/zones", "192.0.2.9", 401)]
    [InlineData("GET", "/api/v1/zones", "127.0.0.1", 200)]
    [InlineData("DELETE", "/api/v1/zones/a", "127.0.0.1", 401)]
    public async Task Only_the_open_pages_are_read_from_elsewhere_without_the_token(string method, string path, string from, int status)
    {
        var guard = new ManagementGuard(ApiToken.Load(_folder.FullPath), new HostNames("localhost"), ["/livez"]);
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.Host = new HostString("192.0.2.1", 8054);
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);

        bool passed = await guard.MayPassAsync(context);

        Assert.Equal((status == 200, status), (passed, context.Response.StatusCode));
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST.", true)]
    [InlineData("192.0.2.1", true)]
    [InlineData("[2001:db8::1]", true)]
    [InlineData("ns1.example.net", true)]
    [InlineData("NS1.Example.Net.", true)]
    [InlineData("a.b.example.org", true)]
    [InlineData("example.org", false)]
    [InlineData(".example.org", false)]
    [InlineData("badexample.org", false)]
    [InlineData("x.ns1.example.net", false)]
    [InlineData("", false)]
    public async Task Only_names_of_this_agent_are_answered(string host, bool isKnown)
    {
        HostNames names = new("localhost", "ns1.example.net", "*.example.org.");
        var guard = new ManagementGuard(ApiToken.Load(_folder.FullPath), names, []);
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Method = "GET";
        context.Request.Host = new HostString(host, 8054);
        context.Connection.RemoteIpAddress = IPAddress.Loopback;

        Assert.Equal((isKnown, isKnown ? 200 : 421), (await guard.MayPassAsync(context), context.Response.StatusCode));
    }
}
