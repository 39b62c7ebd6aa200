using System.Globalization;
using System.Net;

namespace Agent.Bench.Peers;

/// <summary>The agent that Designate had, version 15 as Debian packages it, by itself: without a bus, and with one name server.</summary>
/// <param name="master">Where it transfers zones from.</param>
/// <param name="server">Where its name server answers; it asks that one before each change.</param>
/// <param name="backend">The name of its backend, and the settings of that.</param>
public sealed class DesignateAgent(IPEndPoint master, IPEndPoint server, (string Name, string Settings) backend)
    : DnsServer("designate-agent")
{
    /// <summary>For who asks it for zones as Designate's worker does.</summary>
    public WorkerClient Worker => new(EndPoint);

    protected override async Task<ChildProcess> LaunchAsync()
    {
        string file = Folder.Write("designate.conf", string.Create(CultureInfo.InvariantCulture, $$"""
            [DEFAULT]
            transport_url = fake:/
            state_path = {{Folder.FullPath}}
            root_helper = env
            [oslo_concurrency]
            lock_path = {{Folder.FullPath}}
            [heartbeat_emitter]
            emitter_type = noop
            [service:agent]
            listen = 127.0.0.1:{{Port}}
            masters = {{master}}
            backend_driver = {{backend.Name}}
            [backend:agent:{{backend.Name}}]
            {{backend.Settings}}

            """));
        string script = Path.Combine(AppContext.BaseDirectory, "designate-agent.py");
        string port = server.Port.ToString(CultureInfo.InvariantCulture);
        return await ChildProcess.StartAsync("/usr/bin/python3", ["-W", "ignore", script, file, port], Folder.FullPath);
    }
}
