using System.Runtime.CompilerServices;

namespace Agent.Tests.TestKit;

/// <summary>
/// Settings of the runtime for the agents that tests start as children: hundreds, of which most live for seconds.
/// </summary>
/// <remarks>
/// Most of what such an agent needs is the runtime's compiler. Without the second mapping of its pages, and with a later second look at
/// what it compiled, a quarter of the processor time of all children goes away. This process has read its own settings before; the
/// simulations in it need the second look early.
/// </remarks>
internal static class ShortLives
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("DOTNET_EnableWriteXorExecute", "0"),
        ("DOTNET_TC_CallCountingDelayMs", "1000"),
    ];

#pragma warning disable CA2255 // No library: the runner loads this assembly, and nothing of it runs before.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Set()
    {
        foreach ((string name, string value) in Settings)
        {
            if (Environment.GetEnvironmentVariable(name) is null) Environment.SetEnvironmentVariable(name, value);
        }
    }
}
