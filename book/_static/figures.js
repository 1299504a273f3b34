/* Interactive figures. A page without JavaScript, and a printed one, keeps the picture; otherwise plotly (copied beside the pages)
   and the figure's data are loaded when the figure comes near the screen, or when the browser has nothing else to do. */
(function () {
  "use strict";

  const scripts = new Map();

  /** Load a script once; a promise. */
  function load(source) {
    if (!scripts.has(source)) {
      scripts.set(source, new Promise(function (resolve, reject) {
        const script = document.createElement("script");
        script.src = source;
        script.onload = resolve;
        script.onerror = function () { reject(new Error("could not load " + source)); };
        document.head.append(script);
      }));
    }
    return scripts.get(source);
  }

  /** Colours of the page's theme, as it is now. */
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const dark = document.documentElement.dataset.theme === "dark";
    const text = style.getPropertyValue("--pst-color-text-base").trim() || (dark ? "#ced6dd" : "#222832");
    return { text: text, grid: dark ? "rgba(201,209,217,0.18)" : "rgba(36,41,47,0.14)", line: dark ? "#9aa4af" : "#57606a" };
  }

  /** What to pass to Plotly.relayout for this theme. */
  function colours(layout) {
    const now = theme();
    const change = { "font.color": now.text };
    Object.keys(layout).forEach(function (key) {
      if (/^[xy]axis\d*$/.test(key)) {
        change[key + ".gridcolor"] = now.grid;
        change[key + ".linecolor"] = now.line;
        change[key + ".tickcolor"] = now.line;
      }
    });
    (layout.updatemenus || []).forEach(function (menu, i) {
      change["updatemenus[" + i + "].font.color"] = now.text;
      change["updatemenus[" + i + "].bordercolor"] = now.line;
    });
    return change;
  }

  /** Set dotted keys, such as "xaxis.domain" or "updatemenus[0].font.color", in a layout. */
  function put(layout, change) {
    Object.keys(change).forEach(function (key) {
      const parts = key.replace(/\[(\d+)\]/g, ".$1").split(".");
      let at = layout;
      parts.slice(0, -1).forEach(function (part) { at = at[part] = at[part] || {}; });
      at[parts[parts.length - 1]] = change[key];
    });
  }

  /** Make one SVG or link element a button of the keyboard: reached by Tab, pressed by Enter or Space. */
  function button(element, label, pressed, press) {
    element.setAttribute("aria-label", label);
    if (pressed !== null) { element.setAttribute("aria-pressed", String(pressed)); }
    element.vvsPress = press;
    if (element.getAttribute("role") === "button") { return; }
    element.setAttribute("role", "button");
    element.setAttribute("tabindex", "0");
    element.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        element.vvsPress(event);
      }
    });
  }

  /** Let the keyboard reach what the mouse reaches: plotly's toolbar, the entries of the legend, the switches of data sets.
      Plotly draws some of them anew at each change, so the focus is put back to the button in the same place. */
  function reachable(plot) {
    const at = plot.vvsFocus;
    plot.querySelectorAll(".modebar-btn").forEach(function (element) {
      button(element, element.getAttribute("data-title") || "toolbar", null, function () { element.click(); });
    });
    plot.querySelectorAll(".legend .traces").forEach(function (entry) {
      const element = entry.querySelector(".legendtoggle");
      const shown = parseFloat(entry.style.opacity || "1") === 1;
      const label = entry.querySelector(".legendtext").textContent;
      button(element, label, shown, function () {
        // The legend waits for a second click, so it is told both halves of a single one.
        ["mousedown", "mouseup"].forEach(function (kind) {
          element.dispatchEvent(new MouseEvent(kind, { bubbles: true, button: 0 }));
        });
      });
    });
    plot.querySelectorAll(".updatemenu-button").forEach(function (element) {
      const shown = !element.querySelector("[style*=line-through]");
      const label = element.textContent.replace(/^\W+/, "");
      button(element, label, shown, function () { element.dispatchEvent(new MouseEvent("click", { bubbles: true })); });
    });
    if (at && !plot.contains(document.activeElement)) {
      const again = plot.querySelectorAll(at.kind)[at.place];
      if (again) { again.focus({ preventScroll: true }); }
    }
  }

  const KINDS = [".modebar-btn", ".legendtoggle", ".updatemenu-button"];

  /** Remember which button of a plot has the focus. */
  function remember(plot) {
    plot.addEventListener("focusin", function (event) {
      const kind = KINDS.find(function (one) { return event.target.closest(one); });
      plot.vvsFocus = kind ? { kind: kind, place: Array.from(plot.querySelectorAll(kind)).indexOf(event.target.closest(kind)) } : null;
    });
    // Leaving by Tab names where the focus goes, or the document; a button that plotly removes is no longer connected.
    plot.addEventListener("focusout", function (event) {
      if (event.relatedTarget && !plot.contains(event.relatedTarget)) { plot.vvsFocus = null; }
    });
  }

  const NARROW = 640;

  /** Draw one figure in place of its picture. */
  async function draw(box) {
    if (box.dataset.state) { return; }
    box.dataset.state = "loading";
    try {
      await load(box.dataset.plotly);
      await load(box.dataset.script);
      const figure = window.vvsFigures[box.dataset.figure];
      const plot = document.createElement("div");
      plot.className = "vvs-plot";
      plot.setAttribute("role", "group");
      plot.setAttribute("aria-label", box.dataset.alt);
      box.append(plot);
      const layout = structuredClone(figure.layout);
      let narrow = box.clientWidth < NARROW;
      put(layout, (narrow ? figure.narrow : figure.wide) || {});
      put(layout, colours(layout));
      const config = Object.assign({}, figure.config, { displayModeBar: true, displaylogo: false, responsive: false });
      box.dataset.state = "drawn";
      await Plotly.newPlot(plot, figure.data, layout, config);
      remember(plot);
      reachable(plot);
      plot.on("plotly_afterplot", function () { reachable(plot); });
      let width = plot.clientWidth;
      new ResizeObserver(function () {
        const now = plot.clientWidth;
        if (!now || now === width) { return; }
        width = now;
        const change = now < NARROW === narrow ? {} : (now < NARROW ? figure.narrow : figure.wide) || {};
        narrow = now < NARROW;
        Plotly.relayout(plot, Object.assign({}, change, { width: now, autosize: false }));
      }).observe(plot);
    } catch (error) {
      box.querySelectorAll(".vvs-plot").forEach(function (plot) { plot.remove(); });
      box.dataset.state = "failed";
      console.error("figure " + box.dataset.figure + ": " + error.message);
    }
  }

  /** Give every drawn figure the colours of the theme. */
  function repaint() {
    document.querySelectorAll(".vvs-figure[data-state=drawn] .vvs-plot").forEach(function (plot) {
      if (plot.layout) { Plotly.relayout(plot, colours(plot.layout)); }
    });
  }

  function start() {
    const boxes = Array.from(document.querySelectorAll(".vvs-figure[data-script]"));
    if (!boxes.length) { return; }
    const near = new IntersectionObserver(function (entries) {
      entries.filter(function (entry) { return entry.isIntersecting; }).forEach(function (entry) {
        near.unobserve(entry.target);
        draw(entry.target);
      });
    }, { rootMargin: "400px" });
    boxes.forEach(function (box) { near.observe(box); });
    const idle = window.requestIdleCallback || function (call) { return setTimeout(call, 500); };
    const rest = function () {
      const next = boxes.find(function (box) { return !box.dataset.state; });
      if (next) { draw(next).then(function () { idle(rest); }); }
    };
    if (document.readyState === "complete") { idle(rest); } else { window.addEventListener("load", function () { idle(rest); }); }
    new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
