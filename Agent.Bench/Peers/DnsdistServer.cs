using System.Globalization;
using System.Net;

namespace Agent.Bench.Peers;

/// <summary>PowerDNS's dnsdist before one server, without a cache: what most people would put where the agent's relay stands.</summary>
/// <param name="server">Where it passes queries on to; must be answering when dnsdist starts.</param>
public sealed class DnsdistServer(IPEndPoint server) : DnsServer("dnsdist")
{
    protected override async Task<ChildProcess> LaunchAsync()
    {
        string file = Folder.Write("dnsdist.conf", string.Create(CultureInfo.InvariantCulture, $$"""
            setLocal('127.0.0.1:{{Port}}')
            addLocal('[::1]:{{Port}}')
            setACL({'127.0.0.0/8', '::1/128'})
            setSecurityPollSuffix('')
            newServer{address='{{server}}', name='behind', checkInterval=60}

            """));
        return await ChildProcess.StartAsync("dnsdist", ["--supervised", "--disable-syslog", "-C", file], Folder.FullPath);
    }
}
