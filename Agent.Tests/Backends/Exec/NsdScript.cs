using Agent.Bench.Peers;
using Agent.Tests.Deploy;

namespace Agent.Tests.Backends.Exec;

/// <summary>The example of a program for the exec driver, with an nsd behind it.</summary>
internal static class NsdScript
{
    public static string[] Command(NsdServer server) =>
    [
        DeployFiles.PathOf("drivers/nsd.sh"), Path.Combine(server.FolderPath, "nsd.conf"), server.ZoneFolder, NsdServer.TargetPattern,
        "127.0.0.1", $"{server.Port}",
    ];

    /// <summary>An agent's settings; the program, and not the agent, asks the server what it serves.</summary>
    public static string Settings(NsdServer server) => $$"""
        backend-driver = exec
        backends.exec {
          command = ["{{string.Join("\", \"", Command(server))}}"]
          timeout = 5s
          list = own
        }
        query-destination = "{{server.EndPoint}}"
        """;
}
