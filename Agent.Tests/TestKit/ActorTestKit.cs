using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.TestKit;

/// <summary>The kit as an object, for tests that make one per seed.</summary>
public sealed class ActorTestKit(ulong seed = 1, SimOptions? options = null, ActorSystemSettings? settings = null)
    : TestKitBase(seed, options, settings);
