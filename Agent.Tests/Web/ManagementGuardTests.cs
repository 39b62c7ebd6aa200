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
        var guard = new ManagementGuard(ApiToken.Load(_folder.FullPath), new HashSet<string> { "localhost" }, ["/livez"]);
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.Host = new HostString("192.0.2.1", 8054);
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);

        bool passed = await guard.MayPassAsync(context);

        Assert.Equal((status == 200, status), (passed, context.Response.StatusCode));
    }
}
