using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>NSD again, by the example program for the exec driver, which is given many zones in one run.</summary>
public sealed class ExecProvision : NsdProvision
{
    private static string Script => Path.Combine(AppContext.BaseDirectory, "nsd.sh");

    public override string Driver => "exec";

    public override string TargetSettings => string.Create(CultureInfo.InvariantCulture, $$"""
        driver = exec, timeout = 30s, list = own, server = "{{EndPoint}}", together = 200
        command = ["/bin/sh", "{{Script}}", "{{Path.Combine(Server.FolderPath, "nsd.conf")}}"
          "{{Server.ZoneFolder}}", "{{NsdServer.TargetPattern}}", "127.0.0.1", "{{Server.Port}}"]
        """);
}
