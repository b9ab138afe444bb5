namespace Overnight.Tests; public sealed class Placeholder;
